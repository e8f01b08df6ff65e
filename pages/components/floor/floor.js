// Four corners of a floor over a photo (state "corners": shares of its width and height).
// Click to put one, drag to move it; with the keyboard, Enter on the picture puts one in its middle and arrows move it.

const instances = new WeakMap(); // parentElement -> what this instance knows
const COUNT = 4;
const STEP = 0.004, FAR = 0.02; // an arrow key moves by this share, with Shift further
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".floor");
  let own = instances.get(parentElement);
  if (!own) {
    own = { root, corners: data.corners.map((one) => [...one]), url: null };
    instances.set(parentElement, own);
    build(own);
  }
  Object.assign(own, { data, setStateValue });
  if (own.url !== data.url) {
    own.url = data.url;
    describe(own.image, { src: data.url, width: data.width, height: data.height, alt: data.alt });
  }
  draw(own);
}

function build(own) {
  own.stage = element("div", "stage");
  describe(own.stage, { role: "group", tabindex: "0", "aria-label": "The room's floor: put four corners" });
  own.image = element("img");
  own.image.draggable = false;
  own.overlay = document.createElementNS(SVG, "svg");
  describe(own.overlay, { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
  own.rim = document.createElementNS(SVG, "polygon");
  own.area = document.createElementNS(SVG, "polygon");
  own.rim.setAttribute("class", "rim");
  own.area.setAttribute("class", "area");
  own.overlay.append(own.rim, own.area);
  own.stage.append(own.image, own.overlay);
  const line = element("div", "line");
  own.told = element("span", "told");
  own.told.setAttribute("role", "status");
  own.undo = button("Undo", () => { own.corners.pop(); settle(own); });
  own.clear = button("Clear", () => { own.corners = []; settle(own); });
  line.append(own.told, own.undo, own.clear);
  own.root.append(own.stage, line);
  own.handles = [];
  own.stage.onpointerdown = (event) => {
    if (event.target.closest(".corner") || own.corners.length >= COUNT) return;
    event.preventDefault();
    own.corners.push(place(own, event));
    settle(own);
    own.handles[own.corners.length - 1].focus({ preventScroll: true });
  };
  own.stage.onkeydown = (event) => {
    if (event.target !== own.stage || !["Enter", " "].includes(event.key) || own.corners.length >= COUNT) return;
    event.preventDefault();
    own.corners.push([0.5, 0.75]);
    settle(own);
    own.handles[own.corners.length - 1].focus({ preventScroll: true });
  };
}

function button(text, press) {
  const node = element("button", "small", text);
  node.type = "button";
  node.onclick = press;
  return node;
}

function place(own, event) {
  const box = own.stage.getBoundingClientRect();
  return [clamp((event.clientX - box.left) / box.width, 0, 1), clamp((event.clientY - box.top) / box.height, 0, 1)];
}

function handle(own, number) {
  const node = element("button", "corner", String(number + 1));
  node.type = "button";
  node.onpointerdown = (event) => {
    event.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    node.onpointermove = (moved) => { own.corners[number] = place(own, moved); draw(own); };
    node.onpointerup = node.onpointercancel = () => {
      node.onpointermove = node.onpointerup = node.onpointercancel = null;
      settle(own);
    };
  };
  node.onkeydown = (event) => {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    const step = event.shiftKey ? FAR : STEP;
    own.corners[number] = own.corners[number].map((share, axis) => clamp(share + way[axis] * step, 0, 1));
    settle(own);
  };
  return node;
}

function settle(own) {
  draw(own);
  own.setStateValue("corners", own.corners.map((one) => [...one]));
}

function draw(own) {
  const { corners } = own;
  while (own.handles.length < corners.length) {
    const node = handle(own, own.handles.length);
    own.handles.push(node);
    own.stage.append(node);
  }
  while (own.handles.length > corners.length) own.handles.pop().remove();
  corners.forEach(([x, y], number) => {
    const node = own.handles[number];
    node.style.left = `${x * 100}%`;
    node.style.top = `${y * 100}%`;
    node.setAttribute("aria-label", `Corner ${number + 1}: ${Math.round(x * 100)} % across, ${Math.round(y * 100)} % down`);
  });
  const points = around(corners).map(([x, y]) => `${x},${y}`).join(" ");
  own.area.setAttribute("points", points);
  own.rim.setAttribute("points", points);
  const left = COUNT - corners.length;
  own.told.textContent = left
    ? `Click ${left === COUNT ? "the four corners" : left === 1 ? "one more corner" : `${left} more corners`} of the floor: where it meets the walls, or of any rectangle along them.`
    : "Four corners. Drag one to move it; arrow keys move it too.";
  own.undo.disabled = own.clear.disabled = corners.length === 0;
}

// Corners may be clicked in any order: drawn by their angle about the middle, their sides do not cross.
function around(corners) {
  const middle = [0, 1].map((axis) => corners.reduce((sum, one) => sum + one[axis], 0) / (corners.length || 1));
  const angle = ([x, y]) => Math.atan2(y - middle[1], x - middle[0]);
  return [...corners].sort((one, other) => angle(one) - angle(other));
}
