// Deflate, inflate and CRC-32, on which PNG, zip and npz are built.
//
// The compressor and the decompressor are stb's. npz files need the raw deflate stream (no zlib
// header, no Adler sum) and the CRC that zip stores with it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace planet {

/// The raw deflate stream of `bytes` (at most 1 GiB; Error beyond that).
std::vector<std::uint8_t> deflate_raw(std::span<const std::uint8_t> bytes);

/// The `size` bytes that were deflated. Error: the stream is damaged, or holds more or fewer bytes.
/// The caller knows the size (zip stores it), so no stream can make this allocate more. Deflate has
/// no checksum of its own: compare the CRC-32 stored with it.
std::vector<std::uint8_t> inflate_raw(std::span<const std::uint8_t> deflated, std::size_t size);

/// CRC-32 of PNG and zip (polynomial 0xEDB88320). To continue, pass the last result:
/// crc32(b, crc32(a)).
std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

}  // namespace planet
