document.querySelector("#signup").addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const { playerId } = account.open(document.querySelector("#nickname").value.trim());
  const pixels = await pixelLoaded;
  pixels?.registration({ playerId, metadata: { form: "signup" } });
  location.href = "deposit.html";
});
