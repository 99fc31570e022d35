/* Writing numbers. c-ares asks for space for each byte, and begins with half of what a query takes. */
#define ares_buf_append_byte append_any_byte
#define ares_buf_append_be16 append_any_be16
#define ares_buf_append_be32 append_any_be32
#include "str/ares_buf.c"
#undef ares_buf_append_byte
#undef ares_buf_append_be16
#undef ares_buf_append_be32

#define FIRST 126 /* a buffer is a power of two, with one byte more than what is asked for */

/* Writes a number of `length` bytes; 0 where there is no room for it. */
static int
put(ares_buf_t *buf, unsigned int number, size_t length)
{
  if (!buf || (!buf->data && !buf->alloc_buf && ares_buf_ensure_space(buf, FIRST) != ARES_SUCCESS))
    return 0;
  if (buf->data_len + length >= buf->alloc_buf_len)
    return 0;
  for (size_t i = length; i-- > 0; number >>= 8)
    buf->alloc_buf[buf->data_len + i] = (unsigned char)number;
  buf->data_len += length;
  return 1;
}

ares_status_t ares_buf_append_byte(ares_buf_t *buf, unsigned char b) { return put(buf, b, 1) ? ARES_SUCCESS : append_any_byte(buf, b); }
ares_status_t ares_buf_append_be16(ares_buf_t *buf, unsigned short u16) { return put(buf, u16, 2) ? ARES_SUCCESS : append_any_be16(buf, u16); }
ares_status_t ares_buf_append_be32(ares_buf_t *buf, unsigned int u32) { return put(buf, u32, 4) ? ARES_SUCCESS : append_any_be32(buf, u32); }
