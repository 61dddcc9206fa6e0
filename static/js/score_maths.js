// The score maths of scoring/rules.py, for the page: whole numbers only, rounded half up at the end. The server computes it anew.
(function () {
  "use strict";
  // "0.5" → 50. Two places at most, so that this is exact.
  function hundredths(text) {
    return Math.round(Number(text || 0) * 100);
  }

  // Points lost by one item, in ten-thousandths: points × hits are both hundredths.
  function lost(item, hits) {
    const taken = hundredths(item.points) * hundredths(hits);
    return item.cap === "" || item.cap === null ? taken : Math.min(taken, hundredths(item.cap) * 100);
  }

  // {criteria: [{maximum, items: [{points, cap, veto, hits}]}], pass, good, goodInclusive, vetoCap} →
  // {total, beforeVeto, scores} in hundredths, {grade, isVetoed}.
  function score(sheet) {
    let whole = 0;
    let isVetoed = false;
    const scores = sheet.criteria.map(function (criterion) {
      let taken = 0;
      criterion.items.forEach(function (item) {
        taken += lost(item, item.hits);
        isVetoed = isVetoed || (item.veto && hundredths(item.hits) > 0);
      });
      const left = Math.max(0, hundredths(criterion.maximum) * 100 - taken);
      whole += left;
      return Math.floor((left + 50) / 100);
    });
    const capped = isVetoed ? Math.min(whole, hundredths(sheet.vetoCap) * 100) : whole;
    const total = Math.floor((capped + 50) / 100);
    const good = hundredths(sheet.good);
    const isGood = total > good || (sheet.goodInclusive && total === good);
    const grade = total < hundredths(sheet.pass) ? "不合格" : isGood ? "优良" : "合格";
    return { total: total, beforeVeto: Math.floor((whole + 50) / 100), scores: scores, grade: grade, isVetoed: isVetoed };
  }

  // 8650 → "86.5"
  function figure(cents) {
    return String(cents / 100);
  }

  window.scoreMaths = { score: score, lost: lost, hundredths: hundredths, figure: figure };
})();
