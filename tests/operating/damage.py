"""Damages the store of a daemon that is down, as a disk would, or as a fault of
ours: without and with checksums that fit."""

import struct

_POLYNOMIAL = 0x82F63B78  # CRC-32C, by which RocksDB guards its log.


def _crc(data):
    rest = 0xFFFFFFFF
    for byte in data:
        rest ^= byte
        for _ in range(8):
            rest = (rest >> 1) ^ (_POLYNOMIAL if rest & 1 else 0)
    rest ^= 0xFFFFFFFF
    return ((rest >> 15 | rest << 17) + 0xA282EAD8) & 0xFFFFFFFF


def change_log(data, old, new):
    """Replaces `old` by `new`, which is as long, in every row of the log that
    was written whole, and makes its checksum fit; returns how many."""
    count = 0
    for file in data.rglob("*.log"):
        raw = bytearray(file.read_bytes())
        at = 0
        while at + 7 <= len(raw):
            _, size, kind = struct.unpack_from("<IHB", raw, at)
            end = at + 7 + size
            if size == 0 or old not in raw[at:end]:
                at = end if size else at + 32768 - at % 32768
                continue
            raw[at + 7:end] = raw[at + 7:end].replace(old, new)
            struct.pack_into("<I", raw, at, _crc(bytes([kind]) + raw[
                at + 7:end]))
            count += 1
            at = end
        file.write_bytes(raw)
    return count


def flip_tables(data):
    """Changes a byte in every block of the largest table."""
    table = max(data.rglob("*.sst"), key=lambda file: file.stat().st_size)
    raw = bytearray(table.read_bytes())
    for at in range(60, len(raw) * 7 // 10, 500):
        raw[at] ^= 0x55
    table.write_bytes(raw)
