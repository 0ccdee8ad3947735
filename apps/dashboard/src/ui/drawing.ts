/** A chart as a file that needs no stylesheet: what the page's styles say is written into it. */
const STYLED = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linejoin', 'opacity', 'paint-order'];
const LETTERED = ['font-family', 'font-size', 'font-weight', 'text-anchor'];
const MARGIN = 16;
const TITLE = 28;
/** Pixels for each unit of the drawing: sharp where it is printed or shown large. */
const SCALE = 2;

interface Drawing {
  readonly blob: Blob;
  readonly width: number;
  readonly height: number;
}

/** @param told what it shows and of which moment: it stands above the chart */
export function drawingOf(chart: SVGSVGElement, told: string): Drawing {
  const { x, y, width, height } = chart.viewBox.baseVal;
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const [from, to] = [chart.querySelectorAll('*'), copy.querySelectorAll('*')];
  for (const [i, element] of from.entries()) {
    const style = getComputedStyle(element);
    const names = element.tagName === 'text' || element.tagName === 'tspan' ? [...STYLED, ...LETTERED] : STYLED;
    for (const name of names) to[i]?.setAttribute(name, style.getPropertyValue(name));
    for (const name of ['class', 'role', 'tabindex', 'style']) to[i]?.removeAttribute(name);
  }
  const [wide, tall] = [width + 2 * MARGIN, height + TITLE + 2 * MARGIN];
  const { color, backgroundColor, fontFamily } = getComputedStyle(chart.closest('.panel') ?? chart);
  const [left, top] = [x - MARGIN, y - TITLE - MARGIN];
  copy.removeAttribute('class');
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('viewBox', `${left} ${top} ${wide} ${tall}`);
  copy.setAttribute('width', String(wide));
  copy.setAttribute('height', String(tall));
  const add = (name: string, attributes: Readonly<Record<string, string | number>>, text = '') => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    made.textContent = text;
    copy.prepend(made);
  };
  add('text', { x: x, y: y - MARGIN / 2, fill: color, 'font-family': fontFamily, 'font-size': 14 }, told);
  add('rect', { x: left, y: top, width: wide, height: tall, fill: backgroundColor });
  const text = new XMLSerializer().serializeToString(copy);
  return { blob: new Blob([text], { type: 'image/svg+xml' }), width: wide, height: tall };
}

/** The same in pixels (PNG). */
export async function pixelsOf({ blob, width, height }: Drawing): Promise<Blob> {
  const address = URL.createObjectURL(blob);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width * SCALE, height * SCALE];
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise<Blob>((resolve, reject) => {
      canvas.toBlob((made) => {
        if (made === null) reject(new Error('the browser made no picture of it: save it as SVG'));
        else resolve(made);
      });
    });
  } finally {
    URL.revokeObjectURL(address);
  }
}
