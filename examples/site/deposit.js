const form = document.querySelector("#deposit");
form.hidden = !player;
document.querySelector("#no-account").hidden = Boolean(player);

form.addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const amount = Number(new FormData(form).get("amount"));
  const { playerId, nickname, balance } = account.add(amount);
  const pixels = await pixelLoaded;
  pixels?.deposit({ playerId, metadata: { amount: amount.toFixed(2), currency: "EUR" } });
  document.querySelector("#who").textContent = `${nickname} · ${balance} €`;
  document.querySelector("#done").textContent = `Thank you. ${amount} € are in your account.`;
  document.querySelector("#done").hidden = false;
});
