// What every page of the brand shares: the pixel, and the account (kept in this browser, there is no server).

const address = new URLSearchParams(location.search);
const override = address.get("collector");
// Only this machine: a link must not be able to make the site run somebody else's script.
if (/^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/.test(override)) sessionStorage.setItem("collector", override);

// A site with one fixed collector needs only: <script src="https://pixels.example.com/pixels.js" data-visit></script>
const pixelScript = document.createElement("script");
pixelScript.src = `${sessionStorage.getItem("collector") || COLLECTOR}/pixels.js`;
if ("visit" in document.body.dataset) pixelScript.dataset.visit = "";

// Whoever arrives without a banner is credited to "direct"; on later pages the pixel remembers by itself.
if (!address.has("bannerTag") && !sessionStorage.getItem("arrived")) pixelScript.dataset.bannerTag = "direct";
sessionStorage.setItem("arrived", "yes");

// Resolves with the pixel, or with nothing when it cannot be loaded: the site works without it.
const pixelLoaded = new Promise((resolve) => {
  pixelScript.onload = () => resolve(window.pixels);
  pixelScript.onerror = () => resolve(undefined);
});
document.head.append(pixelScript);

const account = {
  get: () => JSON.parse(localStorage.getItem("northlight.account") || "null"),
  open(nickname) {
    const digits = crypto.getRandomValues(new Uint32Array(2));
    const opened = { playerId: `p-${[...digits].map((d) => d.toString(36)).join("")}`, nickname, balance: 0 };
    localStorage.setItem("northlight.account", JSON.stringify(opened));
    return opened;
  },
  add(amount) {
    const changed = account.get();
    changed.balance += amount;
    localStorage.setItem("northlight.account", JSON.stringify(changed));
    return changed;
  },
};

const player = account.get();
document.querySelector("#who").textContent = player ? `${player.nickname} · ${player.balance} €` : "Guest";
