// The tab "Draw".

import { complain, make, part, slider } from "./dom.js";
import { Pen } from "./pen.js";
import { Player } from "./player.js";
import { STROKE_COLOURS } from "./surface.js";

export function draw(panel, connection) {
  const reading = part(panel, "reading");
  const against = part(panel, "against");
  const [undo, clear, play] = ["undo", "clear", "play"].map((name) => part(panel, name));
  const player = new Player(part(panel, "recovered"), { lineWidth: 0.03 });
  const characters = part(panel, "characters");
  let latest = null;

  const forget = () => {
    reading.replaceChildren();
    against.replaceChildren();
    part(panel, "legend").replaceChildren();
    player.show([]);
    play.disabled = true;
  };

  const ask = async () => {
    latest?.cancel();
    latest = null;
    if (pen.isEmpty) return forget();
    const fields = { strokes: pen.rows, width_px: pen.widthPx, characters: characters.checked ? "letters" : "digits" };
    const question = connection.ask("draw", fields, { progress: (told) => question === latest && read(told.reading) });
    latest = question;
    try {
      const found = await question;
      if (question === latest) recovered(found);
    } catch (error) {
      if (question === latest) complain(error);
    }
  };

  const read = (answers) => {
    reading.replaceChildren();
    answers.forEach(([name, chance], i) => {
      if (i) reading.append(" ");
      reading.append(make("span", {}, `${name} · ${(chance * 100).toFixed(1)} %`));
    });
  };

  const recovered = (found) => {
    player.show(found.strokes, { ghost: pen.strokes, play: true });
    play.disabled = false;
    part(panel, "by").textContent = `, by ${found.model}`;
    const { dtw, direction, order } = found.scores;
    const figure = (name, value, unit = "") => make("span", {}, `${name} `, make("b", {}, value), unit);
    const number = (value) => (value === null ? "—" : value.toFixed(2));
    const strokes = `${found.strokes.length} of ${found.drawn}`;
    against.replaceChildren(
      figure("dtw", number(dtw), " px"), " ", figure("direction", number(direction)), " ",
      figure("order", number(order)), " ", figure("strokes", strokes),
    );
    part(panel, "legend").replaceChildren(
      ...found.strokes.slice(0, STROKE_COLOURS.length).map((_, i) => {
        const mark = make("i");
        mark.style.background = STROKE_COLOURS[i];
        return make("span", {}, mark, `stroke ${i + 1}`);
      }),
    );
  };

  const pen = new Pen(part(panel, "pen"), {
    onEnd: ask,
    onChange: () => (undo.disabled = clear.disabled = pen.isEmpty),
  });
  undo.addEventListener("click", () => (pen.undo(), ask()));
  clear.addEventListener("click", () => (pen.clear(), ask()));
  play.addEventListener("click", () => player.play());
  characters.addEventListener("change", ask);
  slider(part(panel, "width"), 1, (px) => (pen.width = px));
  part(panel, "width").addEventListener("change", ask);
}
