// Niceties only: the page works without.
const form = document.querySelector("form");
const group = (text, sizes) => {
  const parts = [];
  for (const size of sizes) {
    if (!text) break;
    parts.push(text.slice(0, size));
    text = text.slice(size);
  }
  return parts;
};
const onInput = (name, change) => {
  const input = form && form.elements[name];
  if (input) input.addEventListener("input", () => { input.value = change(input.value); });
};
onInput("number", (text) => group(text.replace(/\D/g, ""), [4, 4, 4, 4, 3]).join(" "));
onInput("expiry", (text) => group(text.replace(/\D/g, ""), [2, 2]).join(" / "));
onInput("cvc", (text) => text.replace(/\D/g, "").slice(0, 4));
form?.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.dataset.busy) return;
  button.textContent = button.dataset.busy;
  setTimeout(() => { button.disabled = true; });
});
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
