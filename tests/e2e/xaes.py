# SPDX-License-Identifier: MIT
"""XAES-256-GCM (C2SP) by OpenSSL's program and Python alone: opens what our programs sealed.

AES-256 in ECB is all that is taken from `openssl`; counter mode is built on it, and the tag is left
to our own side, which the published vectors test.
"""
import subprocess


def _blocks(key, data):
    return subprocess.run(["openssl", "enc", "-aes-256-ecb", "-nopad", "-K", key.hex()], input=data,
                          capture_output=True, check=True).stdout


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _derived(key, nonce):
    number = int.from_bytes(_blocks(key, bytes(16)), "big")
    doubled = (number << 1) & ((1 << 128) - 1)
    if number >> 127:
        doubled ^= 0x87
    k1 = doubled.to_bytes(16, "big")
    return b"".join(_blocks(key, _xor(b"\0" + bytes([part]) + b"X\0" + nonce[:12], k1)) for part in (1, 2))


def xaes_open(key, nonce, _header, sealed):
    """The plaintext; the tag is not looked at."""
    inner = _derived(key, nonce)
    text = sealed[:-16]
    count = -(-len(text) // 16)
    counters = b"".join(nonce[12:] + (2 + i).to_bytes(4, "big") for i in range(count))
    return _xor(text, _blocks(inner, counters))
