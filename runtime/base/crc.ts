/**
 * Computes checksums of files: CRC-32 for zip and PNG (ISO 3309), CRC-32C for TFRecord (Castagnoli; RFC 3720, appendix
 * B.4).
 */

/** Makes a checksum function from a polynomial with reversed bits. `before` is the checksum of the preceding bytes. */
function checksumBy(polynomial: number): (bytes: Uint8Array, before?: number) => number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
  return (bytes, before = 0) => {
    let value = ~before;
    for (let i = 0; i < bytes.length; i++) value = table[(value ^ bytes[i]!) & 0xff]! ^ (value >>> 8);
    return ~value >>> 0;
  };
}

/** The polynomial 0x04C11DB7. The first releases of Node 20 lack a built-in one. */
export const crc32 = checksumBy(0xedb88320);

/** The polynomial 0x1EDC6F41. */
export const crc32c = checksumBy(0x82f63b78);
