/** Label maps and maps of instances as arrays: their sizes, the edges of instances, and their numbers. */

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A map of ids, one per pixel, row by row: [height, width]. */
export interface IdMap extends Size {
  readonly ids: Uint16Array;
}

/**
 * Scales a map by nearest neighbor: output pixel i takes source pixel floor(i * in / out), the rule of PyTorch's `nearest`,
 * by which the official SPADE code scales label maps inside its networks.
 */
export function resizeNearest(map: IdMap, { width, height }: Size): Uint16Array {
  if (map.width === width && map.height === height) return map.ids;
  const columns = Uint32Array.from({ length: width }, (_, x) => Math.floor((x * map.width) / width));
  const ids = new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * map.height) / height) * map.width;
    for (let x = 0; x < width; x++) ids[y * width + x] = map.ids[row + (columns[x] as number)] as number;
  }
  return ids;
}

/** Marks with 1 the pixels whose instance differs from that of any of their four neighbors: [H,W] -> [H,W]. */
export function edgesOf(
  instances: Uint16Array | Int32Array,
  { width, height }: Size,
): Uint8Array<ArrayBuffer> {
  const edges = new Uint8Array(width * height);
  for (let i = 0; i < edges.length; i++) {
    if (i % width > 0 && instances[i] !== instances[i - 1]) edges[i] = edges[i - 1] = 1;
    if (i >= width && instances[i] !== instances[i - width]) edges[i] = edges[i - width] = 1;
  }
  return edges;
}

/** Renumbers instances from 0 without gaps, in the order of their first pixels: [H,W] -> [H,W]. */
export function denseIds(instances: Uint16Array): Uint16Array<ArrayBuffer>;
export function denseIds(instances: Int32Array): Int32Array<ArrayBuffer>;
export function denseIds(instances: Uint16Array | Int32Array): Uint16Array | Int32Array {
  const numbers = new Map<number, number>();
  return instances.map((id) => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  });
}
