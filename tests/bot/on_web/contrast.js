// Texts on this page that are harder to read than WCAG AA allows.
(() => {
  const rgba = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const over = (top, below) => top.rgb.map((value, i) => value * top.a + below[i] * (1 - top.a));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const layer = rgba(getComputedStyle(e).backgroundColor);
      layers.push(layer);
      if (layer.a === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const judge = (element, color, text) => {
    const style = getComputedStyle(element);
    const below = ground(element), above = over(rgba(color), below);
    const [high, low] = [luminance(above), luminance(below)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    return ratio < (large ? 3 : 4.5) ? [{ text: text.slice(0, 60), ratio: ratio.toFixed(2), color, below: below.join() }] : [];
  };
  const found = [...document.querySelectorAll("body *")].flatMap((element) => {
    const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join(" ").trim();
    if (!text || !element.checkVisibility({ visibilityProperty: true })) return [];
    return judge(element, getComputedStyle(element).color, text);
  });
  for (const field of document.querySelectorAll("[placeholder]")) {
    found.push(...judge(field, getComputedStyle(field, "::placeholder").color, field.placeholder));
  }
  return found;
})()
