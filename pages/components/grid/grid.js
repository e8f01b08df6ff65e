// Rooms × models. The frame is drawn once; afterwards only the cells that changed are redrawn, so
// that nothing jumps, no picture is loaded twice and the keyboard's place is kept.
// All text goes in as text: nothing a person typed is ever read as markup.

const instances = new WeakMap(); // parentElement -> what this instance knows
const CLOCK_MS = 200;
const TYPED_MS = 400;
const STICKY_COLUMNS = 2; // more pinned columns would leave no room for what they are compared with
const MANY_ROWS = 12; // beyond it rows out of sight are not laid out
const RUNNING = ["waiting", "running"];
const ENDED_BADLY = ["failed", "cancelled", "unknown"];

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

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector(".grid");
  let own = instances.get(parentElement);
  if (!own) {
    own = { frame: null, slots: new Map(), lines: new Map(), shown: [], clock: null, look: unpack(data.look), order: null, known: null };
    own.body = element("div", "body");
    instances.set(parentElement, own);
    root.replaceChildren(toolbar(own), own.body);
    root.addEventListener("keydown", (event) => step(root, parentElement, event));
    // Pinned columns stand beside the originals: how wide those are, only the browser knows.
    new ResizeObserver(() => {
      const room = own.body.querySelector(".row .room");
      if (room) root.style.setProperty("--room", `${room.offsetWidth}px`);
    }).observe(own.body);
  }
  own.act = (deed, id) => setTriggerValue("act", { deed, id });
  own.tell = () => setStateValue("look", pack(own.look));
  own.redraw = () => draw(own, root, data, parentElement);
  draw(own, root, data, parentElement);
  clearInterval(own.clock);
  if (own.shown.some((slot) => slot.elapsed !== null)) own.clock = setInterval(() => tick(own), CLOCK_MS);
  return () => clearInterval(own.clock);
}

function draw(own, root, data, parentElement) {
  const running = data.rows.some((row) => row.cells.some((cell) => cell && RUNNING.includes(cell.state)));
  // While pictures arrive the figures change all the time: the order changes with a person's wish,
  // with the columns and at the end, so that nothing jumps under the pointer.
  const known = JSON.stringify([own.look, data.columns.map(({ id }) => id), running]);
  if (own.known !== known) {
    own.known = known;
    own.order = arrange(data.columns, own.look);
  }
  const columns = own.order.map((place) => data.columns[place]);
  const frame = JSON.stringify([
    columns.map(({ seconds, cost, accepted, ...column }) => column),
    data.rows.map(({ cells, ...row }) => row),
    own.look.pinned,
  ]);
  if (own.frame !== frame) {
    own.frame = frame;
    own.shown = [];
    own.body.style.setProperty("--columns", columns.length);
    root.classList.toggle("few", columns.length <= 2);
    root.classList.toggle("many", data.rows.length > MANY_ROWS);
    own.body.replaceChildren(drawHead(columns, own), ...data.rows.map((row) => drawRow(row, columns, own)));
  }
  const heardAt = performance.now();
  let failures = 0;
  let changed = 0;
  for (const row of data.rows) {
    let pictures = 0;
    let flagged = 0;
    row.cells.forEach((cell, place) => {
      if (cell && ENDED_BADLY.includes(cell.state)) failures += 1;
      if (cell && !ENDED_BADLY.includes(cell.state)) pictures += 1;
      const slot = own.slots.get(slotKey(row, data.columns[place]));
      if (cell?.structure_changed) flagged += 1;
      if (!cell || !slot) return; // never asked for, or filtered away: its place stays empty
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
    own.lines.get(row.id).classList.toggle("bare", pictures === 0);
    own.lines.get(row.id).classList.toggle("sound", flagged === 0);
    changed += flagged;
  }
  root.classList.toggle("folded", own.look.folded);
  // Never an empty grid: what was filtered for may have been scored anew meanwhile.
  root.classList.toggle("only-changed", own.look.changed && changed > 0);
  showToolbar(own, data.columns.length, columns.length, failures, changed);
  tick(own);
}

// ── how the grid is arranged ─────────────────────────────────────────────────────────────────

const last = (value) => (value === null ? Infinity : value);
const ORDERS = {
  asked: ["as asked for", () => 0],
  quick: ["quickest first", (a, b) => last(a.seconds) - last(b.seconds)],
  cheap: ["cheapest first", (a, b) => last(a.cost) - last(b.cost)],
  liked: ["most accepted first", (a, b) => b.accepted - a.accepted],
  name: ["by name", (a, b) => a.name.localeCompare(b.name)],
};

function arrange(columns, look) {
  const words = look.find.toLowerCase().split(/\s+/).filter(Boolean);
  const compare = ORDERS[look.order][1];
  return columns
    .map((column, place) => ({ column, place, pinned: look.pinned.includes(column.id) }))
    .filter(({ column, pinned }) => pinned || words.every((word) => `${column.name} ${column.detail}`.toLowerCase().includes(word)))
    .sort((a, b) => b.pinned - a.pinned || (compare(a.column, b.column) || 0) || a.place - b.place)
    .map(({ place }) => place);
}

function pack(look) {
  const packed = new URLSearchParams();
  if (look.order !== "asked") packed.set("order", look.order);
  if (look.find) packed.set("find", look.find);
  for (const id of look.pinned) packed.append("pin", id);
  if (look.folded) packed.set("fold", "1");
  if (look.changed) packed.set("changed", "1");
  return packed.toString();
}

function unpack(text) {
  const packed = new URLSearchParams(text);
  const order = packed.get("order");
  return {
    order: Object.hasOwn(ORDERS, order ?? "") ? order : "asked",
    find: packed.get("find") ?? "",
    pinned: packed.getAll("pin"),
    folded: packed.get("fold") === "1",
    changed: packed.get("changed") === "1",
  };
}

function toolbar(own) {
  const bar = element("div", "tools");
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Arrange the grid");
  const change = (what) => {
    Object.assign(own.look, what);
    own.redraw();
    own.tell();
  };
  const order = element("select");
  order.setAttribute("aria-label", "Order of the models");
  for (const [name, [words]] of Object.entries(ORDERS)) order.append(new Option(`Models ${words}`, name));
  order.onchange = () => change({ order: order.value });
  const find = element("input");
  find.type = "search";
  find.placeholder = "Filter models";
  find.setAttribute("aria-label", "Filter models");
  find.maxLength = 60;
  let typed = null;
  find.oninput = () => {
    Object.assign(own.look, { find: find.value });
    own.redraw();
    clearTimeout(typed);
    typed = setTimeout(() => own.tell(), TYPED_MS); // one rerun for a word, not one a letter
  };
  const fold = element("button", "deed fold");
  fold.type = "button";
  fold.onclick = () => change({ folded: !own.look.folded });
  const sound = element("button", "deed filter");
  sound.type = "button";
  sound.title = "Only rooms with an output whose architecture is not the room's any more; the other outputs are dimmed";
  sound.onclick = () => change({ changed: !own.look.changed });
  own.tools = { bar, order, find, fold, sound, change, none: element("span", "detail") };
  bar.append(order, find, fold, sound, own.tools.none);
  order.value = own.look.order;
  find.value = own.look.find;
  return bar;
}

function showToolbar(own, all, shown, failures, changed) {
  const { bar, order, find, fold, sound, none } = own.tools;
  bar.hidden = all < 2 && failures === 0 && changed === 0;
  sound.hidden = changed === 0;
  sound.textContent = `Structure changed (${changed})`;
  sound.setAttribute("aria-pressed", own.look.changed);
  order.hidden = find.hidden = all < 2;
  fold.hidden = failures === 0;
  fold.textContent = own.look.folded ? `Show ${failures} without a picture` : `Fold ${failures} without a picture`;
  fold.setAttribute("aria-pressed", own.look.folded);
  none.textContent = shown < all ? `${shown} of ${all} columns` : "";
}

function pin(column, own) {
  const pinned = own.look.pinned.includes(column.id);
  const node = element("button", "pin", pinned ? "Unpin" : "Pin");
  node.type = "button";
  node.setAttribute("aria-pressed", pinned);
  node.setAttribute("aria-label", `${pinned ? "Unpin" : "Pin"} ${column.name} ${column.detail}`.trim());
  node.onclick = () =>
    own.tools.change({
      pinned: pinned ? own.look.pinned.filter((id) => id !== column.id) : [...own.look.pinned, column.id],
    });
  return node;
}

// The arrow keys go from cell to cell; Tab goes on as ever.
function step(root, parentElement, event) {
  const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  const focused = (root.getRootNode().activeElement ?? parentElement.activeElement)?.closest?.(".row .cell");
  if (!by || !focused || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...root.querySelectorAll(".row")].map((row) => [...row.querySelectorAll(".cell:not(.room)")]);
  const row = rows.findIndex((cells) => cells.includes(focused));
  const next = rows[row + by[0]]?.[rows[row].indexOf(focused) + by[1]]?.querySelector("button");
  if (!next) return;
  event.preventDefault();
  next.focus();
}

// ── what it shows ────────────────────────────────────────────────────────────────────────────

function tick(own) {
  const now = performance.now();
  for (const slot of own.shown) {
    if (slot.clock && slot.elapsed !== null) slot.clock.textContent = time(slot.elapsed + (now - slot.heardAt) / 1000);
  }
}

function drawHead(columns, own) {
  const head = element("div", "head");
  head.append(element("div", "title", "Room"));
  for (const column of columns) {
    const title = titled(column, "title");
    stick(title, column, columns, own);
    if (columns.length > 2) title.append(pin(column, own));
    head.append(title);
  }
  return head;
}

function stick(node, column, columns, own) {
  const place = columns.indexOf(column); // pinned columns come first
  node.dataset.pinned = own.look.pinned.includes(column.id) && place < STICKY_COLUMNS;
  node.style.setProperty("--place", place + 1);
}

const slotKey = (row, column) => `${row.id} ${column.id}`;

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
    const key = slotKey(row, column);
    // A cell that was drawn before only moves: its picture is not loaded again.
    const slot = own.slots.get(key) ?? { node: element("figure", "cell"), drawn: null, elapsed: null };
    Object.assign(slot, { column, room: row.name });
    own.slots.set(key, slot);
    own.shown.push(slot);
    stick(slot.node, column, columns, own);
    line.append(slot.node);
  }
  own.lines.set(row.id, line);
  return line;
}

function drawCell(slot, cell, own, parentElement) {
  const held = slot.node.contains(parentElement.activeElement);
  slot.node.className = `cell ${cell.state}${cell.structure_changed ? " changed" : ""}`;
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
    if (cell.score) {
      const score = badge(cell.score);
      score.classList.add("score");
      open.append(score);
      open.setAttribute("aria-label", `Open ${slot.column.name} on ${slot.room}, score ${cell.score.text}`);
    }
    return open;
  }
  const frame = element("div", "frame");
  const running = RUNNING.includes(cell.state);
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
