// Rooms × models. The frame is drawn once; afterwards only the cells that changed are redrawn, so
// that nothing jumps, no picture is loaded twice and the keyboard's place is kept.
// All text goes in as text: nothing a person typed is ever read as markup.

const instances = new WeakMap(); // parentElement -> what this instance knows
const CLOCK_MS = 200;

const element = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

const image = (picture) => {
  const node = element("img");
  node.loading = "lazy";
  node.decoding = "async";
  node.width = picture.width;
  node.height = picture.height;
  node.alt = picture.alt;
  node.src = picture.url;
  return node;
};

const time = (seconds) =>
  seconds < 60 ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;

const badge = (value) => element("span", `badge ${value.tone}`, value.text);

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".grid");
  let own = instances.get(parentElement);
  if (!own) {
    own = { frame: null, cells: [], clock: null };
    instances.set(parentElement, own);
  }
  own.act = (deed, id) => setTriggerValue("act", { deed, id });

  const frame = JSON.stringify([data.columns, data.rows.map(({ cells, ...row }) => row)]);
  if (own.frame !== frame) {
    own.frame = frame;
    own.cells = [];
    root.style.setProperty("--columns", data.columns.length);
    root.classList.toggle("few", data.columns.length <= 2);
    root.replaceChildren(drawHead(data.columns), ...data.rows.map((row) => drawRow(row, data.columns, own)));
  }
  const heardAt = performance.now();
  data.rows.flatMap((row) => row.cells).forEach((cell, place) => {
    const slot = own.cells[place];
    if (!cell) return; // never asked for: its place stays empty
    slot.heardAt = heardAt;
    slot.elapsed = cell.elapsed_seconds;
    const { elapsed_seconds: _clock, progress, ...rest } = cell;
    const drawn = JSON.stringify(rest);
    if (slot.drawn !== drawn) {
      slot.drawn = drawn;
      drawCell(slot, cell, own, parentElement);
    }
    showProgress(slot, progress);
  });
  tick(own);
  clearInterval(own.clock);
  if (own.cells.some((slot) => slot.elapsed !== null)) own.clock = setInterval(() => tick(own), CLOCK_MS);
  return () => clearInterval(own.clock);
}

function tick(own) {
  const now = performance.now();
  for (const slot of own.cells) {
    if (slot.clock && slot.elapsed !== null) slot.clock.textContent = time(slot.elapsed + (now - slot.heardAt) / 1000);
  }
}

function drawHead(columns) {
  const head = element("div", "head");
  head.append(element("div", "title", "Room"));
  for (const column of columns) head.append(titled(column, "title"));
  return head;
}

function titled(column, className) {
  const title = element("div", className);
  title.append(element("span", "name", column.name));
  if (column.detail) title.append(element("span", "detail", column.detail));
  if (column.badge) title.append(badge(column.badge));
  return title;
}

function drawRow(row, columns, own) {
  const line = element("section", "row");
  line.setAttribute("aria-label", row.name);
  line.style.setProperty("--ratio", Math.max(0.75, row.picture.width / row.picture.height));
  const room = element("figure", "cell room");
  const frame = element("div", "frame");
  frame.append(image(row.picture));
  const caption = element("figcaption", "foot");
  caption.append(element("span", "name", row.name), element("span", "detail", row.detail));
  room.append(frame, caption);
  line.append(room);
  for (const column of columns) {
    const slot = { node: element("figure", "cell"), column, room: row.name, drawn: null, elapsed: null };
    own.cells.push(slot);
    line.append(slot.node);
  }
  return line;
}

function drawCell(slot, cell, own, parentElement) {
  const held = slot.node.contains(parentElement.activeElement);
  slot.node.className = `cell ${cell.state}`;
  slot.node.dataset.prediction = cell.id;
  slot.node.setAttribute("aria-label", `${slot.room}, ${slot.column.name}: ${cell.status}`);
  slot.node.replaceChildren(titled(slot.column, "label"), drawFrame(slot, cell, own), drawFoot(slot, cell));
  if (held) slot.node.querySelector("button")?.focus();
}

function drawFrame(slot, cell, own) {
  slot.bar = null;
  slot.clock = null;
  if (cell.picture) {
    const open = element("button", "frame open");
    open.type = "button";
    open.setAttribute("aria-label", `Open ${slot.column.name} on ${slot.room}`);
    open.onclick = () => own.act("open", cell.id);
    open.append(image(cell.picture));
    if (cell.verdict) open.append(badge(cell.verdict));
    return open;
  }
  const frame = element("div", "frame");
  const running = cell.state === "waiting" || cell.state === "running";
  const status = element("div", "status");
  status.append(element("span", "word", cell.status));
  if (running) {
    slot.clock = element("span", "clock");
    status.append(slot.clock);
    slot.bar = element("div", "bar");
    slot.bar.append(element("div", "done"));
  }
  frame.append(status);
  if (slot.bar) frame.append(slot.bar);
  if (cell.sentence) {
    const sentence = element("p", "sentence", cell.sentence);
    sentence.title = cell.sentence;
    frame.append(sentence);
  }
  if (cell.can_retry) frame.append(button("Retry", `Retry ${slot.column.name} on ${slot.room}`, () => own.act("retry", cell.id)));
  if (cell.can_cancel) frame.append(button("Cancel", `Cancel ${slot.column.name} on ${slot.room}`, () => own.act("cancel", cell.id)));
  return frame;
}

function button(text, label, press) {
  const node = element("button", "deed", text);
  node.type = "button";
  node.setAttribute("aria-label", label);
  node.onclick = () => {
    node.disabled = true; // one press, one deed: the next answer redraws it
    press();
  };
  return node;
}

function drawFoot(slot, cell) {
  const foot = element("figcaption", "foot");
  foot.append(element("span", "facts", cell.facts || "\u00a0"));
  if (cell.hint) foot.title = cell.hint;
  return foot;
}

function showProgress(slot, progress) {
  if (!slot.bar) return;
  const known = progress !== null;
  slot.bar.classList.toggle("known", known);
  slot.bar.style.setProperty("--done", known ? `${Math.round(progress * 100)}%` : "0%");
  if (known) {
    slot.bar.setAttribute("role", "progressbar");
    slot.bar.setAttribute("aria-valuenow", Math.round(progress * 100));
  }
}
