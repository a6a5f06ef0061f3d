/*
 * JSON from others and the values in it. With server/admin the only includer of cJSON.
 *
 * What a peer sent is read strictly: valid UTF-8, no NUL, nesting of at most 16,
 * numbers of at most 16 digits with a fraction of at most 3 and no exponent, no
 * member twice (cJSON itself lets all of these pass).
 *
 * Paths are member names joined by dots ("config.rev"). Getters never fail: what
 * is absent or of another type is the fallback. Texts are borrowed from the document.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/bytes.h"
#include "lib/base/error.h"

struct cJSON;

/*
 * One object and nothing after it but spaces and `sf1 ` seal lines. NULL with text otherwise. *len, when
 * not NULL, is set to the bytes of the object: what is signed. e may be NULL. Free with json_free.
 */
struct cJSON *json_object(struct bytes text, size_t *len, struct error *e);

/* As json_object, for documents of our own streamd and agent that have ordinary numbers (a fraction of any length). */
struct cJSON *json_trusted(struct bytes text);

void json_free(struct cJSON **j); /* for CLEANUP too; stores NULL */

const struct cJSON *json_at(const struct cJSON *j, const char *path); /* NULL: absent */
const char *json_text(const struct cJSON *j, const char *path, const char *fallback);
double json_number(const struct cJSON *j, const char *path, double fallback);
bool json_is_number(const struct cJSON *j, const char *path);
bool json_true(const struct cJSON *j, const char *path);
bool json_is_object(const struct cJSON *j, const char *path);

/* A whole number of 0..2^53-1; false when it is absent or something else. */
bool json_whole(const struct cJSON *j, const char *path, uint64_t *out);

/* The members of an object or the elements of an array, in order; NULL-safe. name is "" in arrays. */
const struct cJSON *json_first(const struct cJSON *j);
const struct cJSON *json_next(const struct cJSON *j);
const char *json_name(const struct cJSON *j);
size_t json_count(const struct cJSON *j);

/* Appends the value as text: strings as they are, everything else as JSON; "" for NULL. */
void json_show(struct buf *out, const struct cJSON *j);
void json_print(struct buf *out, const struct cJSON *j, bool pretty); /* "null" for NULL */
