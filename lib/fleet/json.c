#include "lib/fleet/json.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/utf8.h"

#define NAME_MAX_BYTES 64
#define DEPTH_MAX 16
#define DIGITS_MAX 16
#define FRACTION_MAX 3
#define WHOLE_MAX 9007199254740991.0 /* 2^53 - 1 */

/* The end of the string whose opening quote is at i; in.len when it does not end. */
static size_t end_of_string(struct bytes in, size_t i)
{
	for (i++; i < in.len && in.ptr[i] != '"'; i++)
		if (in.ptr[i] == '\\')
			i++;
	return i < in.len ? i + 1 : in.len;
}

/* The end of the number at i, or 0 when it is none of ours. */
static size_t end_of_number(struct bytes in, size_t i)
{
	size_t digits = 0, fraction = 0;
	i += in.ptr[i] == '-';
	for (; i < in.len && isdigit((unsigned char)in.ptr[i]); i++)
		digits++;
	if (i < in.len && in.ptr[i] == '.')
		for (i++; i < in.len && isdigit((unsigned char)in.ptr[i]); i++)
			fraction++;
	bool exponent = i < in.len && (in.ptr[i] == 'e' || in.ptr[i] == 'E');
	return digits && digits + fraction <= DIGITS_MAX && fraction <= FRACTION_MAX && !exponent ? i : 0;
}

/* What cJSON would let pass, found before it looks. The text ends where the depth is 0 again. */
static bool is_strict(struct bytes in, bool plain_numbers, struct error *e)
{
	int depth = 0;
	for (size_t i = 0; i < in.len;) {
		char c = in.ptr[i];
		if (c == '"') {
			i = end_of_string(in, i);
			continue;
		}
		if (plain_numbers && (c == '-' || isdigit((unsigned char)c))) {
			i = end_of_number(in, i);
			if (i == 0)
				return error_set(e, 0, "a number has more than 16 digits, a fraction of more than 3, or an exponent"), false;
			continue;
		}
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		if (depth > DEPTH_MAX)
			return error_set(e, 0, "it is nested deeper than 16"), false;
		i++;
		if (depth == 0 && c == '}')
			return true;
	}
	return true;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* A member twice, at any depth: its name; NULL: none. */
static const char *find_twice(const cJSON *j)
{
	const char *found = NULL;
	for (const cJSON *v = j->child; v && !found; v = v->next)
		found = find_twice(v);
	size_t n = found || !cJSON_IsObject(j) ? 0 : json_count(j), i = 0;
	if (n < 2)
		return found;
	const char **names = malloc(n * sizeof(*names));
	if (!names)
		return j->child->string;
	for (const cJSON *v = j->child; v; v = v->next)
		names[i++] = v->string;
	qsort(names, n, sizeof(*names), by_name);
	for (i = 1; i < n && !found; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			found = names[i];
	free(names);
	return found;
}

/* Nothing but spaces and seal lines. */
static bool is_tail(struct bytes tail)
{
	struct bytes line;
	while (bytes_split(&tail, '\n', &line))
		if (bytes_trim(line).len && !bytes_starts(line, "sf1 "))
			return false;
	return true;
}

static struct cJSON *parse(struct bytes text, bool plain_numbers, size_t *len, struct error *e)
{
	const char *end = NULL;
	if (!text.len || !utf8_valid(text) || memchr(text.ptr, 0, text.len))
		return error_set(e, 0, "it is empty or no valid UTF-8"), NULL;
	if (!is_strict(text, plain_numbers, e))
		return NULL;
	cJSON *j = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, 0);
	if (!cJSON_IsObject(j)) {
		size_t at = end ? (size_t)(end - text.ptr) : 0;
		if (j)
			error_set(e, 0, "it is no JSON object");
		else
			error_set(e, 0, "it is no JSON (at byte %zu)", at);
	} else if (!is_tail(bytes_sub(text, (size_t)(end - text.ptr), text.len))) {
		error_set(e, 0, "something other than seal lines follows the object");
	} else {
		const char *twice = find_twice(j);
		if (!twice) {
			if (len)
				*len = (size_t)(end - text.ptr);
			return j;
		}
		error_set(e, 0, "the member \"%.64s\" is given twice", twice);
	}
	cJSON_Delete(j);
	return NULL;
}

struct cJSON *json_object(struct bytes text, size_t *len, struct error *e) { return parse(text, true, len, e); }
struct cJSON *json_trusted(struct bytes text) { return parse(text, false, NULL, NULL); }

void json_free(struct cJSON **j)
{
	cJSON_Delete(*j);
	*j = NULL;
}

const struct cJSON *json_at(const struct cJSON *j, const char *path)
{
	struct bytes rest = bytes_of(path), part;
	char name[NAME_MAX_BYTES];
	while (j && bytes_split(&rest, '.', &part))
		j = bytes_copy(part, name, sizeof(name)) ? cJSON_GetObjectItemCaseSensitive(j, name) : NULL;
	return j;
}

const char *json_text(const struct cJSON *j, const char *path, const char *fallback)
{
	const cJSON *v = json_at(j, path);
	return cJSON_IsString(v) ? v->valuestring : fallback;
}

double json_number(const struct cJSON *j, const char *path, double fallback)
{
	const cJSON *v = json_at(j, path);
	return cJSON_IsNumber(v) ? v->valuedouble : fallback;
}

bool json_is_number(const struct cJSON *j, const char *path) { return cJSON_IsNumber(json_at(j, path)); }
bool json_true(const struct cJSON *j, const char *path) { return cJSON_IsTrue(json_at(j, path)); }
bool json_is_object(const struct cJSON *j, const char *path) { return cJSON_IsObject(json_at(j, path)); }

bool json_whole(const struct cJSON *j, const char *path, uint64_t *out)
{
	const cJSON *v = json_at(j, path);
	if (!cJSON_IsNumber(v) || v->valuedouble < 0 || v->valuedouble > WHOLE_MAX || v->valuedouble != (double)(uint64_t)v->valuedouble)
		return false;
	*out = (uint64_t)v->valuedouble;
	return true;
}

const struct cJSON *json_first(const struct cJSON *j) { return cJSON_IsObject(j) || cJSON_IsArray(j) ? j->child : NULL; }
const struct cJSON *json_next(const struct cJSON *j) { return j->next; }
const char *json_name(const struct cJSON *j) { return j->string ? j->string : ""; }

size_t json_count(const struct cJSON *j)
{
	size_t n = 0;
	for (const cJSON *v = json_first(j); v; v = v->next)
		n++;
	return n;
}

void json_show(struct buf *out, const struct cJSON *j)
{
	if (cJSON_IsString(j))
		buf_adds(out, j->valuestring);
	else if (j)
		json_print(out, j, false);
}

void json_print(struct buf *out, const struct cJSON *j, bool pretty)
{
	if (!j) {
		buf_adds(out, "null");
		return;
	}
	char *text = pretty ? cJSON_Print(j) : cJSON_PrintUnformatted(j);
	if (!text)
		out->failed = true;
	else
		buf_adds(out, text);
	cJSON_free(text);
}
