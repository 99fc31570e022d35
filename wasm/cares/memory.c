/* The memory of c-ares. It makes and frees some fifty small pieces for each query, which is a fifth of its time with malloc():
 * here a piece is taken from a list of those of its size, and put back. Larger ones are malloc()'s. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Sizes are multiples of STEP up to STEP * LISTS; a chunk of STEP * 256 bytes is cut at a time. */
enum { STEP = 16, LISTS = 32, CHUNK = STEP * 256 };

/* In front of what c-ares gets. While the piece is free, `next` is in the place of that. */
struct piece {
  uint32_t list; /* LISTS: it is malloc()'s */
  uint32_t unused;
  struct piece *next[];
};

static struct piece *lists[LISTS];

static struct piece *piece_of(void *memory) { return (struct piece *)((char *)memory - offsetof(struct piece, next)); }

static int
refill(uint32_t list)
{
  size_t size = sizeof(struct piece) + STEP * (list + 1);
  char *chunk = malloc(CHUNK);

  if (!chunk)
    return 0;
  for (char *at = chunk; at + size <= chunk + CHUNK; at += size) {
    struct piece *piece = (void *)at;
    piece->list = list;
    piece->next[0] = lists[list];
    lists[list] = piece;
  }
  return 1;
}

static void *
take(size_t size)
{
  uint32_t list = (size - 1) / STEP;
  struct piece *piece;

  if (list >= LISTS) {
    if (size > SIZE_MAX - sizeof *piece || !(piece = malloc(sizeof *piece + size)))
      return 0;
    piece->list = LISTS;
  } else {
    if (!lists[list] && !refill(list))
      return 0;
    piece = lists[list];
    lists[list] = piece->next[0];
  }
  return piece->next;
}

static void
put(void *memory)
{
  struct piece *piece;

  if (!memory)
    return;
  piece = piece_of(memory);
  if (piece->list == LISTS) {
    free(piece);
  } else {
    piece->next[0] = lists[piece->list];
    lists[piece->list] = piece;
  }
}

static void *
resize(void *memory, size_t size)
{
  struct piece *piece;
  void *moved;

  if (!memory)
    return take(size);
  piece = piece_of(memory);
  if (piece->list == LISTS) {
    if (size > SIZE_MAX - sizeof *piece || !(piece = realloc(piece, sizeof *piece + size)))
      return 0;
    return piece->next;
  }
  if (size <= STEP * (piece->list + 1))
    return memory;
  if (!(moved = take(size)))
    return 0;
  memcpy(moved, memory, STEP * (piece->list + 1));
  put(memory);
  return moved;
}

#define malloc take
#define free put
#define realloc resize
#include "ares_library_init.c"
