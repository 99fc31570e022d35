/* Writing numbers. c-ares asks for space for each byte, and begins with half of what a query takes. */
#define ares_buf_append_byte append_any_byte
#define ares_buf_append_be16 append_any_be16
#define ares_buf_append_be32 append_any_be32
#include "str/ares_buf.c"
#undef ares_buf_append_byte
#undef ares_buf_append_be16
#undef ares_buf_append_be32

#define FIRST 126 /* a buffer is a power of two, with one byte more than what is asked for */

/* Where `length` bytes can be written at once; NULL where there is no room for them. */
static unsigned char *
room(ares_buf_t *buf, size_t length)
{
  unsigned char *at;

  if (!buf || (!buf->data && !buf->alloc_buf && ares_buf_ensure_space(buf, FIRST) != ARES_SUCCESS))
    return NULL;
  if (buf->data_len + length >= buf->alloc_buf_len)
    return NULL;
  at = buf->alloc_buf + buf->data_len;
  buf->data_len += length;
  return at;
}

ares_status_t
ares_buf_append_byte(ares_buf_t *buf, unsigned char b)
{
  unsigned char *at = room(buf, 1);

  if (!at)
    return append_any_byte(buf, b);
  at[0] = b;
  return ARES_SUCCESS;
}

ares_status_t
ares_buf_append_be16(ares_buf_t *buf, unsigned short u16)
{
  unsigned char *at = room(buf, 2);

  if (!at)
    return append_any_be16(buf, u16);
  at[0] = (unsigned char)(u16 >> 8);
  at[1] = (unsigned char)u16;
  return ARES_SUCCESS;
}

ares_status_t
ares_buf_append_be32(ares_buf_t *buf, unsigned int u32)
{
  unsigned char *at = room(buf, 4);

  if (!at)
    return append_any_be32(buf, u32);
  at[0] = (unsigned char)(u32 >> 24);
  at[1] = (unsigned char)(u32 >> 16);
  at[2] = (unsigned char)(u32 >> 8);
  at[3] = (unsigned char)u32;
  return ARES_SUCCESS;
}
