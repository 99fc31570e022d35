/* Writing names. c-ares makes a buffer of each label, and remembers the name for the compression of later ones; in a message that
 * has one name, as all of ours have, that is half of the time of writing it. */
#define ares_dns_name_write write_any_name
#include "record/ares_dns_name.c"
#undef ares_dns_name_write

/* The length of a name without escapes; 0 when it is not of that kind. */
static size_t
plain_length(const char *name, ares_bool_t validate_hostname)
{
  size_t length = 0, label = 0;

  for (; name[length]; length++) {
    if (name[length] == '.') {
      if (!label)
        return 0;
      label = 0;
    } else if (name[length] == '\\' || ++label > 63 || (validate_hostname && !ares_is_hostnamech(name[length])))
      return 0;
  }
  return label && length <= 253 ? length : 0;
}

ares_status_t
ares_dns_name_write(ares_buf_t *buf, ares_llist_t **list, ares_bool_t validate_hostname, const char *name)
{
  unsigned char labels[256];
  size_t length, start = 0;

  if (buf && name && !*name)
    return ares_buf_append_byte(buf, 0); /* the root */
  if (!buf || !name || (list && *list) || !(length = plain_length(name, validate_hostname)))
    return write_any_name(buf, list, validate_hostname, name);
  for (size_t i = 0; i <= length; i++) {
    labels[i + 1] = name[i];
    if (i == length || name[i] == '.') {
      labels[start] = i - start;
      start = i + 1;
    }
  }
  labels[length + 1] = 0;
  return ares_buf_append(buf, labels, length + 2);
}
