#include "lib/fleet/topic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool fleet_id_valid(struct bytes s)
{
	if (s.len == 0 || s.len > FLEET_ID_MAX || s.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

static bool prefix_valid(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] == 127 || s.ptr[i] == '+' || s.ptr[i] == '#')
			return false;
	return s.len && s.len <= 100 && s.ptr[0] != '$' && s.ptr[0] != '/' && s.ptr[s.len - 1] != '/';
}

int fleet_root_init(struct fleet_root *r, const char *prefix, const char *fleet, struct error *e)
{
	prefix = prefix && *prefix ? prefix : "sf";
	fleet = fleet && *fleet ? fleet : "main";
	if (!prefix_valid(bytes_of(prefix)))
		return error_set(e, -EINVAL, "MQTT_TOPIC_PREFIX: at most 100 characters, no space, + or #, no / at its ends");
	if (!fleet_id_valid(bytes_of(fleet)))
		return error_set(e, -EINVAL, "STREAMFLEET_FLEET: \"%.60s\" is no id: a-z, 0-9 and -, at most 40 characters", fleet);
	snprintf(r->text, sizeof(r->text), "%s/1/%s", prefix, fleet);
	snprintf(r->fleet, sizeof(r->fleet), "%s", fleet);
	return 0;
}

void topic_node(struct buf *out, const struct fleet_root *r, const char *node, const char *leaf)
{
	buf_addf(out, "%s/n/%s/%s", r->text, node, leaf);
}

void topic_group(struct buf *out, const struct fleet_root *r, const char *group) { buf_addf(out, "%s/g/%s/cmd", r->text, group); }

void topic_result(struct buf *out, const struct fleet_root *r, const char *node, const char *ctl, const char *id)
{
	buf_addf(out, "%s/n/%s/res/%s/%s", r->text, node, ctl, id);
}

/* What follows ROOT/KIND/ */
static bool below(const struct fleet_root *r, struct bytes topic, const char *kind, struct bytes *rest)
{
	if (!bytes_starts(topic, r->text))
		return false;
	*rest = bytes_sub(topic, strlen(r->text), topic.len);
	if (!bytes_starts(*rest, kind))
		return false;
	*rest = bytes_sub(*rest, strlen(kind), rest->len);
	return true;
}

bool topic_of_node(const struct fleet_root *r, struct bytes topic, struct bytes *node, struct bytes *leaf)
{
	return below(r, topic, "/n/", leaf) && bytes_split(leaf, '/', node) && fleet_id_valid(*node) && leaf->len;
}

bool topic_of_group(const struct fleet_root *r, struct bytes topic, struct bytes *group)
{
	struct bytes rest;
	return below(r, topic, "/g/", &rest) && bytes_split(&rest, '/', group) && fleet_id_valid(*group) && bytes_is(rest, "cmd");
}
