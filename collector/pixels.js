/* Manual: docs/pixel.md */
try {
  const safe = (act) => (...given) => { try { return act(...given); } catch { return false; } };
  const script = document.currentScript, page = new URL(location).searchParams;
  let allowed = script.dataset.consent !== "off";

  const kept = {}; // if localStorage fails
  const recall = (name) => safe(() => localStorage["pixels." + name])() || kept[name];
  const keep = (name, value) => {
    kept[name] = !safe(() => value ? localStorage["pixels." + name] = value
      : delete localStorage["pixels." + name])() && value;
    return value;
  };
  const forget = () => { keep("visitor"); keep("banner"); keep("click"); };

  const uuid = () => "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (d) =>
    (d ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> d / 4).toString(16));

  // Another banner inherits no click id.
  const credit = (o) => {
    const last = recall("banner");
    const bannerTag = o.bannerTag || script.dataset.bannerTag || page.get("bannerTag") || last;
    const b = o.b || page.get("b") || (bannerTag === last && recall("click"));
    if (allowed) keep("banner", bannerTag), keep("click", b);
    return { bannerTag, b };
  };

  const send = (type, o = {}) => {
    const s = allowed && (recall("visitor") || keep("visitor", "v-" + uuid()));
    const sent = { ...o.metadata, ...credit(o), playerId: o.playerId || s, s, eventId: o.eventId || uuid() };
    if (!sent.playerId || !sent.bannerTag) return false;
    const query = new URLSearchParams(Object.entries(sent).filter(([, value]) => value || value === 0));
    const url = new URL(`/${type}?${query}`, script.src);
    if (!navigator.sendBeacon?.(url)) new Image().src = url;
    return true;
  };

  const described = (node) => {
    const o = { ...node.dataset, metadata: {} };
    if (/^#/.test(o.playerId)) o.playerId = document.querySelector(o.playerId).value;
    for (const { name, value } of node.attributes)
      if (/^data-meta-/.test(name)) o.metadata[name.slice(10)] = value;
    return o;
  };
  for (const type of ["click", "submit"]) document.addEventListener(type, safe(({ target }) => {
    const node = target.closest("[data-pixels]");
    if (node.matches("form") === (type === "submit")) send(node.dataset.pixels, described(node));
  }));

  // A prerendered page counts once it is seen.
  const whenSeen = (act) => (o) => document.prerendering
    ? !document.addEventListener("prerenderingchange", () => act(o)) : act(o);

  const pixels = window.pixels = {};
  for (const type of ["visit", "registration", "deposit"]) pixels[type] = whenSeen(safe((o) => send(type, o)));
  pixels.emit = safe((name, o) => pixels[{ RegistrationSuccess: "registration", DepositSuccess: "deposit" }[name]](o));
  pixels.consent = safe((on) => { (allowed = on) || forget(); });

  whenSeen(safe(() => {
    allowed ? credit({}) : forget();
    if ("visit" in script.dataset) pixels.visit(described(script));
  }))();
} catch { /* never disturb the page */ }
