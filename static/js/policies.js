// The sum of the team's shares, counted while it is typed. Without script it is counted when the page is saved.
(() => {
  const box = document.querySelector("[data-shares]");
  const sum = document.querySelector("[data-share-sum]");
  const words = document.querySelector("[data-share-words]");
  if (!box || !sum || !words) return;
  const inputs = [...box.querySelectorAll("input")];

  const hundredths = (text) => {
    const plain = text.replaceAll(",", "").replaceAll("，", "").trim();
    return /^\d+(\.\d{0,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : 0;
  };
  const count = () => {
    const total = inputs.reduce((found, input) => found + hundredths(input.value), 0);
    const [kind, word] = total === 10000 ? ["signed", "已满 100%"] : total ? ["returned", "应为 100%"] : ["draft", "未设定"];
    const badge = document.createElement("span");
    badge.className = `state state-${kind}`;
    badge.textContent = word;
    sum.textContent = String(total / 100);
    words.replaceChildren(badge);
  };
  box.addEventListener("input", count);
})();
