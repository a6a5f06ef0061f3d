#include "lib/fleet/envelope.h"

#include <string.h>

#include "lib/base/escape.h"
#include "lib/fleet/code.h"

static void add_text(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, ",\"%s\":", name);
	escape_json_string(out, bytes_of(value));
}

void envelope_write(const struct envelope *v, struct buf *out)
{
	buf_adds(out, "{\"sf\":1");
	add_text(out, "fleet", v->fleet);
	add_text(out, "to", v->to);
	add_text(out, "id", v->id);
	add_text(out, "verb", v->verb);
	buf_addf(out, ",\"iat\":%llu,\"ttl_s\":%u", (unsigned long long)v->iat_ms, v->ttl_s);
	add_text(out, "ctl", v->ctl);
	add_text(out, "by", v->by);
	if (v->has_rev)
		buf_addf(out, ",\"if\":{\"config_rev\":%llu}", (unsigned long long)v->if_rev);
	buf_addf(out, ",\"args\":%s,\"dry_run\":%s", v->args, v->dry_run ? "true" : "false");
	if (v->reason)
		add_text(out, "reason", v->reason);
	buf_adds(out, "}\n");
}

static unsigned count_seals(struct bytes tail)
{
	unsigned n = 0;
	struct bytes line;
	while (bytes_split(&tail, '\n', &line))
		n += bytes_starts(line, "sf1 ");
	return n;
}

static bool copy_text(const struct cJSON *j, const char *name, char *out, size_t size)
{
	return bytes_copy(bytes_of(json_text(j, name, "")), out, size);
}

/* Who asked, as far as it can be told. */
static void read_asker(struct command_in *c)
{
	struct bytes id = bytes_of(json_text(c->json, "id", "")), ctl = bytes_of(json_text(c->json, "ctl", ""));
	if (ulid_valid(id))
		bytes_copy(id, c->id, sizeof(c->id));
	if (fleet_id_valid(ctl))
		bytes_copy(ctl, c->ctl, sizeof(c->ctl));
}

static int bad(struct error *e, const char *what) { return error_set(e, CODE_BAD_REQUEST, "the command's %s", what); }

static int read_times(struct command_in *c, struct error *e)
{
	uint64_t ttl_s = COMMAND_TTL_DEFAULT_S;
	if (!json_whole(c->json, "iat", &c->iat_ms))
		return bad(e, "iat: milliseconds since 1970 are wanted");
	if (json_at(c->json, "ttl_s") && (!json_whole(c->json, "ttl_s", &ttl_s) || ttl_s < 1 || ttl_s > COMMAND_TTL_MAX_S))
		return bad(e, "ttl_s: 1 to 86400 seconds are wanted");
	c->ttl_s = (unsigned)ttl_s;
	c->exp_ms = c->iat_ms + ttl_s * 1000;
	return 0;
}

static int read_members(struct command_in *c, struct error *e)
{
	const struct cJSON *j = c->json;
	uint64_t version;
	if (!json_whole(j, "sf", &version) || version != 1)
		return bad(e, "sf: this agent speaks version 1");
	if (!c->id[0])
		return bad(e, "id: a ULID of 26 characters is wanted");
	if (!c->ctl[0])
		return bad(e, "ctl: an id (a-z, 0-9, -) is wanted");
	if (!copy_text(j, "verb", c->verb, sizeof(c->verb)) || !c->verb[0])
		return bad(e, "verb: at most 40 characters are wanted");
	if (!copy_text(j, "fleet", c->fleet, sizeof(c->fleet)) || !copy_text(j, "to", c->to, sizeof(c->to)))
		return bad(e, "fleet or to: an id is wanted");
	copy_text(j, "by", c->by, sizeof(c->by));
	if (json_at(j, "args") && !json_is_object(j, "args"))
		return bad(e, "args: an object is wanted");
	if (json_at(j, "if") && !json_is_object(j, "if"))
		return bad(e, "if: an object is wanted");
	c->dry_run = json_true(j, "dry_run");
	return read_times(c, e);
}

int envelope_read(struct command_in *c, struct bytes in, struct error *e)
{
	*c = (struct command_in){0};
	if (in.len > COMMAND_BYTES_MAX)
		return error_set(e, CODE_TOO_LARGE, "a command has at most 64 KiB, this one has %zu bytes", in.len);
	size_t signed_len = 0;
	c->json = json_object(in, &signed_len, e);
	if (!c->json)
		return error_wrap(e, CODE_BAD_REQUEST, "the command cannot be read");
	read_asker(c);
	digest_text(bytes_sub(in, 0, signed_len), c->sha256);
	c->seals = count_seals(bytes_sub(in, signed_len, in.len));
	if (c->seals > SEALS_MAX)
		return bad(e, "seals: at most four are taken");
	return read_members(c, e);
}

void command_in_fini(struct command_in *c) { json_free(&c->json); }
