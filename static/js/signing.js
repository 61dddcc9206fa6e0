// The signing form: answer the rest of a checklist at once, and show the running score while hits are typed.
// The server computes both anew; this file only saves the reader some arithmetic.

for (const button of document.querySelectorAll("[data-answer-rest]")) {
  button.addEventListener("click", () => {
    const radios = [...document.querySelectorAll(".checklist input[type=radio]")];
    for (const name of new Set(radios.map((radio) => radio.name))) {
      const group = radios.filter((radio) => radio.name === name);
      if (!group.some((radio) => radio.checked)) {
        group.find((radio) => radio.value === button.dataset.answerRest).checked = true;
      }
    }
  });
}

const board = document.querySelector("[data-score]");

// Points are hundredths in whole numbers here: no rounding surprises.
const hundredths = (text) => Math.round(Number(text || 0) * 100);

function showScore() {
  let total = 0;
  let isVetoed = false;
  for (const body of board.querySelectorAll("[data-criterion]")) {
    const maximum = hundredths(body.dataset.criterion);
    let lost = 0;
    for (const input of body.querySelectorAll(".score-hits")) {
      const hits = Number(input.value || 0);
      const taken = Math.round(hits * hundredths(input.dataset.points));
      lost += input.dataset.cap === "" ? taken : Math.min(taken, hundredths(input.dataset.cap));
      isVetoed ||= input.dataset.veto === "1" && hits > 0;
    }
    const score = Math.max(0, maximum - lost);
    body.querySelector("[data-criterion-score]").textContent = String(score / 100);
    total += score;
  }
  if (isVetoed) total = Math.min(total, hundredths(board.dataset.vetoCap));
  const good = hundredths(board.dataset.good);
  const isGood = total > good || (board.dataset.goodInclusive === "1" && total === good);
  const grade = total < hundredths(board.dataset.pass) ? "不合格" : isGood ? "优良" : "合格";
  board.querySelector("[data-score-total]").textContent = `${total / 100} 分 · ${grade}`;
}

if (board) {
  board.addEventListener("input", showScore);
  showScore();
}
