/** Formats numbers for pages: counts, bytes, time spans, digits. */

const COUNT = new Intl.NumberFormat('en-US');

/** Formats a whole number with thousands separators. */
export function formatCount(value: number): string {
  return COUNT.format(value);
}

/** Formats a large number in three digits, such as `12.3 M`. */
export function formatLarge(value: number): string {
  if (value >= 1e9) return `${threeDigits(value / 1e9)} G`;
  if (value >= 1e6) return `${threeDigits(value / 1e6)} M`;
  if (value >= 1e4) return `${threeDigits(value / 1e3)} k`;
  return formatCount(value);
}

/** Formats a number of bytes, such as `12.3 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${threeDigits(bytes / 1000 ** power)} ${units[power]}`;
}

/** Formats a time span given in seconds: `38 ms`, `0.84 s`, `5 min 20 s`, `3 h 12 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.1) return `${threeDigits(seconds * 1000)} ms`;
  if (seconds < 59.5) return `${threeDigits(seconds)} s`;
  if (seconds < 3599.5) {
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Formats a number in three significant digits without trailing zeros. */
export function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** Formats a number in four significant digits with trailing zeros, so that the numbers of a column align. */
export function fourDigits(value: number): string {
  const size = Math.abs(value);
  return size >= 1e5 || (size > 0 && size < 1e-4) ? value.toExponential(3) : value.toPrecision(4);
}

/** Formats a difference in three significant digits with its sign. */
export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${threeDigits(Math.abs(value))}`;
}
