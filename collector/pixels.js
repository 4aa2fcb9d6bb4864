/* Pixels: visits, registrations, deposits. No cookie. Manual: docs/pixel.md */
try {
  const attempt = (act) => (...given) => { try { return act(...given); } catch { return false; } };
  const script = document.currentScript, page = new URLSearchParams(location.search);
  let allowed = script.dataset.consent !== "off";

  const kept = {}; // if localStorage is denied
  const recall = (name) => attempt(() => localStorage["pixels." + name])() || kept[name];
  const keep = attempt((name, value) => {
    kept[name] = value;
    value ? localStorage["pixels." + name] = value : delete localStorage["pixels." + name];
  });
  const forget = () => ["visitor", "banner", "click"].forEach((name) => keep(name));

  const visitorKey = () => {
    const digit = (d) => (d ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> d / 4).toString(16);
    keep("visitor", recall("visitor") || "v-" + "10000000-1000-4000-8000-100000000000".replace(/[018]/g, digit));
    return recall("visitor");
  };

  // What brought the visitor. Another banner does not inherit the click id.
  const credit = (o) => {
    const last = recall("banner");
    const bannerTag = o.bannerTag || script.dataset.bannerTag || page.get("bannerTag") || last;
    const b = o.b || page.get("b") || (bannerTag === last && recall("click"));
    if (allowed) keep("banner", bannerTag), keep("click", b);
    return { bannerTag, b };
  };

  const send = (type, o = {}) => {
    const s = allowed && visitorKey();
    const sent = { ...o.metadata, ...credit(o), playerId: o.playerId || s, s };
    if (!sent.playerId || !sent.bannerTag) return false;
    const query = new URLSearchParams(Object.entries(sent).filter(([, value]) => value || value === 0));
    const url = new URL(`/${type}?${query}`, script.src);
    if (!navigator.sendBeacon?.(url)) new Image().src = url;
    return true;
  };

  const described = (node) => {
    const { playerId, bannerTag } = node.dataset, metadata = {};
    for (const { name, value } of node.attributes)
      if (/^data-meta-/.test(name)) metadata[name.slice(10)] = value;
    return { playerId: /^#/.test(playerId) ? document.querySelector(playerId).value : playerId, bannerTag, metadata };
  };
  for (const type of ["click", "submit"]) document.addEventListener(type, attempt(({ target }) => {
    const node = target.closest("[data-pixels]");
    if (node.matches("form") === (type === "submit")) send(node.dataset.pixels, described(node));
  }));

  const event = (type) => attempt((o) => send(type, o));
  const visit = event("visit"), registration = event("registration"), deposit = event("deposit");
  const emit = attempt((name, o) => ({ RegistrationSuccess: registration, DepositSuccess: deposit })[name](o));
  const consent = attempt((on) => { (allowed = on) || forget(); });
  window.pixels = { visit, registration, deposit, emit, consent };

  allowed ? credit({}) : forget();
  if ("visit" in script.dataset) visit(described(script));
} catch { /* never disturb the page */ }
