#include "lib/base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){.max = max_bytes};
}

void buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t len)
{
	if (b->failed)
		return NULL;
	if (len > b->max - b->len) {
		b->failed = true;
		return NULL;
	}
	size_t need = b->len + len + 1;
	if (need > b->room) {
		size_t room = MIN_OF(MAX_OF(need, b->room * 2), b->max + 1);
		char *data = realloc(b->data, MAX_OF(room, (size_t)64));
		if (!data) {
			b->failed = true;
			return NULL;
		}
		b->data = data;
		b->room = MAX_OF(room, (size_t)64);
	}
	return b->data + b->len;
}

void buf_grew(struct buf *b, size_t len)
{
	assert(b->len + len < b->room);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	char *at = buf_reserve(b, len);
	if (!at)
		return;
	if (len)
		memcpy(at, data, len);
	buf_grew(b, len);
}

void buf_add_bytes(struct buf *b, struct bytes s)
{
	buf_add(b, s.ptr, s.len);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	char *at = n < 0 ? NULL : buf_reserve(b, (size_t)n);
	if (!at) {
		b->failed = true;
		return;
	}
	vsnprintf(at, (size_t)n + 1, fmt, ap);
	buf_grew(b, (size_t)n);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void buf_drop_front(struct buf *b, size_t len)
{
	assert(len <= b->len);
	if (len == 0)
		return;
	memmove(b->data, b->data + len, b->len - len);
	b->len -= len;
	b->data[b->len] = '\0';
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *data = NULL;
	if (!b->failed && buf_reserve(b, 0))
		data = b->data;
	if (!data)
		free(b->data);
	else
		data[b->len] = '\0';
	*b = (struct buf){.max = b->max};
	return data;
}
