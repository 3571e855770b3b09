// The tab "Style".

import { complain, make, options, part, slider } from "./dom.js";
import { Pen } from "./pen.js";
import { Player } from "./player.js";

const EXAMPLES = 5;
const LINE_X_HEIGHTS = 0.11;

export function style(panel, connection) {
  const [result, played, says] = ["result", "played", "says"].map((name) => part(panel, name));
  const [write, strokes, play] = ["write", "strokes", "play"].map((name) => part(panel, name));
  const average = part(panel, "average");
  const player = new Player(played, { lineWidth: 0.012 });
  player.numbers = false;
  let writing = null;
  let seed = 0;

  const examples = Array.from({ length: EXAMPLES }, (_, i) => example(i + 1));
  part(panel, "examples").append(...examples.map((one) => one.card));

  function example(number) {
    const canvas = make("canvas", { role: "img", "aria-label": `Example ${number}`, tabindex: "0", "data-pen": true });
    const label = make("input", { type: "text", "aria-label": `Label ${number}`, maxlength: "1", placeholder: "read as", autocomplete: "off" });
    const clear = make("button", { class: "small", "aria-label": `Clear ${number}`, onclick: () => wipe() }, "×");
    const sheet = make("div", { class: "sheet" }, canvas, make("p", { class: "empty" }, String(number)));
    const card = make("div", { class: "example" }, sheet, make("div", { class: "inline" }, label, clear));
    const one = { card, label, corrected: false };
    one.pen = new Pen(canvas, { onEnd: () => readIt() });
    const wipe = () => {
      one.pen.clear();
      label.value = "";
      one.corrected = false;
    };
    const readIt = async () => {
      if (one.pen.isEmpty) return wipe();
      try {
        const { reading } = await connection.ask("read example", { strokes: one.pen.rows, width_px: one.pen.widthPx });
        if (!one.corrected && !one.pen.isEmpty) label.value = reading[0][0];
      } catch (error) {
        complain(error);
      }
    };
    label.addEventListener("input", () => (one.corrected = label.value !== ""));
    one.wipe = wipe;
    one.read = readIt;
    return one;
  }

  const explain = () => {
    part(panel, "average-says").textContent = average.checked
      ? "one hand: the mean of the examples' latents"
      : "each character takes the next example's latent";
  };

  const wish = () => ({
    words: part(panel, "words").value,
    full_set: panel.querySelector("[value=set]").checked,
    randomness: Number(part(panel, "randomness").value),
    average: average.checked,
    generator: part(panel, "generator").value,
    width_px: Number(part(panel, "width").value),
    seed: seed++,
    examples: examples.filter((one) => !one.pen.isEmpty).map((one) => ({ strokes: one.pen.rows, label: one.label.value })),
  });

  const writeIt = async () => {
    if (writing) return writing.cancel();
    write.textContent = "Stop";
    says.textContent = "writing";
    writing = connection.ask("write", wish(), { progress: ({ stage }) => (says.textContent = stage) });
    try {
      await show(await writing);
    } catch (error) {
      says.textContent = error.cancelled ? "stopped" : error.message;
    }
    writing = null;
    write.textContent = "Write";
  };

  const show = async (found) => {
    const picture = await connection.file(found.file);
    if (result.src) URL.revokeObjectURL(result.src);
    result.src = URL.createObjectURL(picture);
    await result.decode();
    result.parentElement.classList.add("drawn");
    const hand = found.examples === 0 ? "no example, so any hand" : found.averaged
      ? `the mean of ${found.examples} latents` : found.examples === 1 ? "the latent of one example" : `${found.examples} latents in turn`;
    const missing = found.missing.length ? `; can't be had: ${found.missing.join(" ")}` : "";
    says.textContent = `${found.written} characters by ${found.generator}: ${hand}${missing}`;
    played.style.aspectRatio = `${found.width} / ${found.height}`;
    played.style.width = `${result.naturalWidth}px`;
    strokes.disabled = false;
    toggle(strokes.getAttribute("aria-pressed") === "true");
    const longer = Math.max(found.width, found.height);
    player.lineWidth = LINE_X_HEIGHTS / Math.min(found.width, found.height);
    player.show(found.strokes, { size: [found.width / longer, found.height / longer], play: !played.hidden });
  };

  const toggle = (on) => {
    strokes.setAttribute("aria-pressed", String(on));
    played.hidden = !on;
    result.hidden = on;
    play.disabled = !on;
  };

  strokes.addEventListener("click", () => {
    toggle(strokes.getAttribute("aria-pressed") !== "true");
    if (!played.hidden) player.play();
  });
  play.addEventListener("click", () => player.play());
  write.addEventListener("click", writeIt);
  part(panel, "clear").addEventListener("click", () => examples.forEach((one) => one.wipe()));
  average.addEventListener("change", explain);
  slider(part(panel, "randomness"), 2);
  slider(part(panel, "width"), 1, (px) => examples.forEach((one) => (one.pen.width = px)));
  part(panel, "width").addEventListener("change", () => examples.forEach((one) => one.pen.isEmpty || one.read()));
  explain();
  connection.ask("generators", {}, { again: true })
    .then(({ generators, chosen }) => {
      options(part(panel, "generator"), generators.map((name) => [name, name === chosen ? `${name}, whichever knows the characters` : name]), chosen);
    })
    .catch(complain);
}
