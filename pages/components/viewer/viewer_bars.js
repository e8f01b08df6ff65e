// ── what stands around the stage: modes, choices, the way on, what is known, what is thought ──

function build(own) {
  const { root } = own;
  own.modes = describe(element("div", "modes"), { role: "group", "aria-label": "Look" });
  for (const [mode, [word, key]] of Object.entries(MODES)) {
    const node = button(word, `${word} (${key})`, () => setMode(own, mode), "tool mode");
    node.setAttribute("aria-label", word);
    node.dataset.mode = mode;
    own.modes.append(node);
  }
  const toggle = (word, key, press) => {
    const node = button(word, `${word} (${key})`, press);
    node.setAttribute("aria-label", word);
    return node;
  };
  own.tools = {
    overlay: toggle("Overlay", "o", () => flip(own, "overlay")),
    loupe: toggle("Loupe", "l", () => flip(own, "loupe")),
    info: toggle("Information", "i", () => flip(own, "info")),
    full: toggle("Full screen", "w", () => fullScreen(own)),
    keys: button("?", "Keys (?)", () => showKeys(own)),
  };
  own.tools.full.hidden = !document.fullscreenEnabled;
  const tools = element("div", "tools");
  tools.append(...Object.values(own.tools));
  const top = element("div", "bar top");
  top.append(own.modes, tools);

  own.choice = element("div", "bar choice");
  own.stage = element("div", "panes");
  own.drawer = describe(element("aside", "drawer"), { "aria-label": "Information", tabindex: -1 });
  const body = element("div", "body");
  body.append(own.stage, own.drawer);

  own.legend = describe(element("div", "layers"), { role: "group", "aria-label": "Legend of the overlay" });
  own.legend.append(...LEGEND.map(([kind, word, meaning]) => {
    const one = element("span", "meaning");
    one.append(element("i", `swatch ${kind}`), element("b", "", word), ` ${meaning}`);
    return one;
  }));
  own.scores = describe(element("div", "scores"), { role: "group", "aria-label": "Automatic score" });
  own.frames = element("div", "frames");
  own.figure = describe(element("output", "figure"), { "aria-label": "Zoom" });
  own.resolution = element("span", "resolution");
  own.place = element("span", "place");
  own.previous = button("‹", "Previous picture", () => go(own, -1));
  own.following = button("›", "Next picture", () => go(own, 1));
  own.share = describe(element("span", "share"), { role: "status" });
  const way = element("div", "bar way");
  way.append(
    own.previous,
    own.place,
    own.following,
    element("span", "gap"),
    button("−", "Zoom out", () => zoomAt(own, 1 / 1.5, 0.5, 0.5)),
    own.figure,
    button("+", "Zoom in", () => zoomAt(own, 1.5, 0.5, 0.5)),
    button("Fit", "Show the whole picture", () => whole(own)),
    button("1:1", "One pixel of the picture on one of the screen", () => oneToOne(own)),
    own.resolution,
  );
  own.saying = describe(element("div", "unseen"), { role: "status", "aria-live": "polite" });
  own.help = element("dialog", "keys");
  root.replaceChildren(top, own.choice, body, own.legend, own.scores, own.frames, way, buildMarks(own), own.saying, own.help);
}

function drawBars(own) {
  for (const node of own.modes.children) node.setAttribute("aria-pressed", node.dataset.mode === own.mode);
  for (const name of ["overlay", "loupe", "info"]) own.tools[name].setAttribute("aria-pressed", own[name]);
  // The difference map is drawn over both pictures: there is nothing to lay a layer on.
  own.tools.overlay.hidden = own.mode === "difference" || !visible(own).some((shot) => shot.overlay);
  own.legend.hidden = !own.overlay || own.tools.overlay.hidden;
  own.root.classList.toggle("layered", !own.legend.hidden);
  const held = own.choice.contains(own.root.getRootNode().activeElement) && own.root.getRootNode().activeElement.dataset.part;
  own.choice.replaceChildren(...(own.mode === "panes" ? paneChips(own) : [...pairChoice(own), ...modeChoice(own)]));
  if (held) own.choice.querySelector(`[data-part="${held}"]`)?.focus({ preventScroll: true });
}

function pairChoice(own) {
  const [before, after] = pair(own);
  const choice = (side, word, chosen) => {
    const label = element("label", "pick");
    const select = describe(element("select"), { "aria-label": word });
    select.dataset.part = side;
    for (const shot of own.data.shots) select.append(Object.assign(element("option", "", shot.label), { value: shot.code }));
    select.value = chosen.code;
    select.onchange = () => choose(own, side, byCode(own, select.value));
    label.append(element("span", "word", word), select);
    return label;
  };
  const swap = button("⇄", "Swap before and after (x)", () => choose(own, "before", pair(own)[1]));
  swap.dataset.part = "swap";
  return [choice("before", "Before", before), swap, choice("after", "After", after)];
}

function range(own, name, label, least, most, text, changed) {
  const field = element("label", "pick");
  const input = describe(element("input"), { type: "range", min: least, max: most, "aria-label": label });
  input.value = own[name];
  input.dataset.part = name;
  input.setAttribute("aria-valuetext", text(own[name]));
  input.oninput = () => {
    own[name] = Number(input.value);
    input.setAttribute("aria-valuetext", text(own[name]));
    changed();
    rememberLook(own);
  };
  field.append(element("span", "word", label), input);
  return field;
}

function modeChoice(own) {
  const [, after] = pair(own);
  if (own.mode === "blend") {
    const mixed = () => (own.stage.querySelector(".after").style.opacity = own.blend / 100);
    return [range(own, "blend", "Blend", 0, 100, (value) => `${value} % ${after.label}`, mixed)];
  }
  if (own.mode === "difference") {
    const legend = element("span", "legend");
    legend.append(element("span", "", "same"), element("span", "ramp"), element("span", "", "different"));
    return [range(own, "gain", "Sensitivity", 1, 10, (value) => `${value} times`, () => own.apart && paintHeat(own)), legend, own.share];
  }
  if (own.mode !== "flicker") return [];
  const rate = element("label", "pick");
  const select = element("select");
  select.dataset.part = "rate";
  for (const value of RATES) select.append(Object.assign(element("option", "", `${value} a second`), { value }));
  select.value = own.rate;
  select.onchange = () => {
    own.rate = Number(select.value);
    drawMode(own);
    rememberLook(own);
  };
  rate.append(element("span", "word", "Changes"), select);
  const run = button(own.playing ? "Stop" : "Play", own.playing ? "Stop the flicker (y)" : "Play the flicker (y)", () => play(own));
  run.dataset.part = "play";
  const press = button("Hold for before", "Hold to see before (space)", null);
  press.onpointerdown = () => hold(own, true);
  press.onpointerup = press.onpointercancel = press.onpointerleave = () => hold(own, false);
  press.onkeydown = (event) => [" ", "Enter"].includes(event.key) && hold(own, true);
  press.onkeyup = () => hold(own, false);
  press.oncontextmenu = (event) => event.preventDefault(); // a long touch is a hold here
  return [run, rate, press];
}

function paneChips(own) {
  const shown = panes(own);
  return own.data.shots.map((shot) => {
    const on = shown.includes(shot);
    const chip = button(shot.label, shot.label, () => {
      const codes = shown.map((one) => one.code);
      const next = on ? codes.filter((code) => code !== shot.code) : [...codes, shot.code];
      if (next.length < 2 || next.length > MOST_PANES) return say(own, `Between 2 and ${MOST_PANES} pictures are shown.`);
      own.chosen = next.length === own.data.shots.length ? null : next;
      draw(own);
      rememberLook(own);
    }, "tool chip");
    chip.dataset.part = `pane-${shot.code}`;
    chip.setAttribute("aria-pressed", on);
    return chip;
  });
}

function drawWay(own) {
  own.previous.disabled = !neighbour(own, -1);
  own.following.disabled = !neighbour(own, 1);
  const place = own.data.shots.filter((shot) => shot.judged).indexOf(opened(own));
  own.place.textContent = `${own.data.first + place} of ${own.data.total}`;
}

function flip(own, what) {
  own[what] = !own[what];
  if (what === "overlay") draw(own);
  drawBars(own);
  drawInfo(own);
  show(own);
  rememberLook(own);
  say(own, `${{ overlay: "Overlay", loupe: "Loupe", info: "Information" }[what]} ${own[what] ? "on" : "off"}`);
}

function fullScreen(own) {
  if (document.fullscreenElement) document.exitFullscreen();
  else own.root.requestFullscreen().catch(() => say(own, "The browser does not allow full screen here."));
}

const LEGEND = [
  ["kept", "Kept", "lines of the room that are still there"],
  ["erased", "Erased", "lines that are gone"],
  ["concealed", "Hidden", "lines behind new furniture"],
  ["added", "Added", "lines that the room does not have"],
  ["moved", "Arrows", "from where a line was to where it is now"],
];

function scoreLine(own, shot) {
  const line = element("p", "");
  const several = visible(own).filter((one) => one.score).length > 1;
  line.append(element("b", "", several ? `${shot.label}: ${shot.score}` : shot.score));
  if (shot.flags.length) line.append(`: ${shot.flags.join(", ")}`);
  line.append(".");
  if (shot.automatic) line.append(" ", element("span", "automatic", shot.automatic));
  return line;
}

function drawInfo(own) {
  // On a narrow screen the badge on the picture is brief, and the whole sentence stands below.
  own.frames.replaceChildren(
    ...visible(own).filter((shot) => shot.framing).map((shot) => element("p", "", `${shot.label}: ${shot.framing}.`)),
  );
  own.scores.replaceChildren(...visible(own).filter((shot) => shot.score).map((shot) => scoreLine(own, shot)));
  own.root.classList.toggle("scored", own.scores.hasChildNodes());
  own.drawer.hidden = !own.info;
  own.root.classList.toggle("informed", own.info);
  own.drawer.replaceChildren();
  for (const shot of own.info ? visible(own) : []) {
    const facts = element("dl");
    for (const [label, value] of shot.facts) facts.append(element("dt", "", label), element("dd", "", value));
    own.drawer.append(element("h3", "", shot.label), facts);
  }
}

// ── judging ─────────────────────────────────────────────────────────────────────────────────

function buildMarks(own) {
  const bar = describe(element("div", "bar marks"), { role: "group", "aria-label": "Judging" });
  own.judged = element("span", "judged");
  const verdict = (word, key) => {
    const node = button(word, `${word} (${key})`, () => judge(own, `${word.toLowerCase()}ed`), `tool ${word.toLowerCase()}`);
    node.dataset.word = word;
    return node;
  };
  own.accept = verdict("Accept", "a");
  own.reject = verdict("Reject", "r");
  own.stars = describe(element("span", "stars"), { role: "group", "aria-label": "Stars" });
  for (let star = 1; star <= 5; star += 1) {
    own.stars.append(button("★", `${star} ${star === 1 ? "star" : "stars"} (${star})`, () => giveStars(own, star), "tool star"));
  }
  own.favourite = button("♥", "Favourite (h)", () => mark(own, { favourite: !markNow(own).favourite }), "tool favourite");
  own.noting = button("Note", "Note (n)", () => editNote(own));
  own.reasons = describe(element("span", "reasons"), { role: "group", "aria-label": "Why it was rejected" });
  own.note = describe(element("textarea", "note"), { rows: 2, maxlength: 2000, "aria-label": "Note", placeholder: "Note on this picture" });
  own.note.hidden = true;
  own.note.onchange = () => mark(own, { note: own.note.value });
  bar.append(own.judged, own.accept, own.reject, own.reasons, own.stars, own.favourite, own.noting, own.note);
  own.marks = bar;
  return bar;
}

// What is thought of the opened output: what Python said, and what was pressed since.
function markNow(own) {
  const id = own.data.opened;
  const known = own.data.marks[id] ?? { verdict: "undecided", reasons: [], stars: null, note: "", favourite: false };
  return own.pending.filter((one) => one.id === id).reduce((now, { changes }) => {
    const next = { ...now, ...changes };
    if (changes.reasons?.length && !changes.verdict) next.verdict = "rejected";
    if (next.verdict !== "rejected") next.reasons = [];
    if (next.stars === 0) next.stars = null;
    return next;
  }, known);
}

// Marks that were not confirmed are sent again with the next one: a quick hand loses none.
function mark(own, changes) {
  if (!opened(own).judged) return;
  own.turn += 1;
  own.pending.push({ turn: own.turn, id: own.data.opened, changes });
  own.send("mark", own.pending);
  drawMarks(own);
}

function judge(own, verdict) {
  const back = markNow(own).verdict === verdict;
  mark(own, { verdict: back ? "undecided" : verdict });
  say(own, back ? "Taken back" : verdict);
}

function giveStars(own, stars) {
  mark(own, { stars: markNow(own).stars === stars ? 0 : stars });
}

function giveReason(own, reason) {
  const now = markNow(own).reasons;
  const reasons = now.includes(reason) ? now.filter((one) => one !== reason) : [...now, reason];
  mark(own, { verdict: "rejected", reasons });
}

function editNote(own) {
  own.noteOpen = own.data.opened;
  drawMarks(own);
  own.note.focus();
}

function drawMarks(own) {
  const shot = opened(own);
  own.marks.hidden = !shot.judged;
  const now = markNow(own);
  own.judged.replaceChildren(element("b", "", shot.label), ` on ${own.data.room}`);
  for (const node of [own.accept, own.reject]) {
    const chosen = now.verdict === `${node.dataset.word.toLowerCase()}ed`;
    node.textContent = chosen ? `${node.dataset.word}ed` : node.dataset.word;
    describe(node, { "aria-pressed": chosen, "aria-label": node.textContent });
  }
  [...own.stars.children].forEach((star, place) => {
    star.classList.toggle("given", place < (now.stars ?? 0));
    star.setAttribute("aria-pressed", place + 1 === now.stars);
  });
  own.favourite.setAttribute("aria-pressed", now.favourite);
  const held = own.reasons.contains(own.root.getRootNode().activeElement) && own.root.getRootNode().activeElement.textContent;
  own.reasons.hidden = now.verdict !== "rejected";
  own.reasons.replaceChildren(...own.data.reasons.map((reason, place) => {
    const chip = button(reason, `${reason} (Shift and ${place + 1})`, () => giveReason(own, reason), "tool chip");
    describe(chip, { "aria-pressed": now.reasons.includes(reason), "aria-label": reason });
    return chip;
  }));
  if (held) [...own.reasons.children].find((chip) => chip.textContent === held)?.focus({ preventScroll: true });
  own.note.hidden = !now.note && own.noteOpen !== own.data.opened;
  own.noting.hidden = !own.note.hidden;
  if (own.root.getRootNode().activeElement !== own.note) own.note.value = now.note;
}
