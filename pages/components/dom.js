// What every component's script begins with (assets.py). All text goes in as text, never as markup.

const element = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

const describe = (node, attributes) => {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
