/*
 * Publish, subscribe, last will: what the programs need of a message bus, as a
 * table of functions. The MQTT one is bus_mqtt.c.
 *
 * A bus owns its threads and keeps itself connected. bus_publish() and
 * bus_subscribe() may be called from any thread and never block. The hooks are
 * called on the bus's threads: they are brief, and call nothing of the bus but
 * these two.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/bytes.h"
#include "lib/base/error.h"
#include "lib/bus/broker.h"

struct bus_message {
	struct bytes topic, payload; /* borrowed until the hook returns */
	struct bytes response_topic; /* hints of MQTT 5; empty when absent */
	struct bytes correlation;
	bool retained;
	int64_t expiry_s; /* what the broker left of it; -1: absent */
};

struct bus_publication {
	struct bytes topic, payload; /* copied */
	struct bytes correlation;    /* may be empty */
	int qos;                     /* 0 or 1 */
	bool retain;
	/*
	 * Lost with the connection, and refused without one: for retained documents, which
	 * are published anew on each connection. Otherwise kept until the broker has it or keep_s is over.
	 */
	bool only_now;
	uint32_t expiry_s; /* MQTT message expiry; 0: none */
	uint32_t keep_s;   /* how long it may wait for the broker; 0: expiry_s, or an hour without one */
};

struct bus_hooks {
	/* QoS 1: the broker is told that it arrived after this has returned. */
	void (*on_message)(struct bus_hooks *h, const struct bus_message *m);
	/* Connected, and every subscription is in force. */
	void (*on_up)(struct bus_hooks *h);
	/* reason is for people: "the broker refused the user name or password". Each failed attempt is told once. */
	void (*on_down)(struct bus_hooks *h, enum bus_trouble trouble, const char *reason);
};

struct bus_will {
	struct bytes topic, payload; /* copied; topic empty: no will */
	uint32_t delay_s;
};

struct bus_options {
	const struct broker *brokers; /* tried in turn */
	size_t n_brokers;
	const char *client_id;
	uint32_t session_expiry_s; /* 0: a clean session each time */
	uint16_t keep_alive_s;
	uint16_t receive_maximum;
	uint32_t max_packet_bytes; /* of what may come */
	/* Asked before each attempt: the will of that connection. May be NULL. Called on the bus's thread. */
	void (*will)(struct bus_hooks *h, struct bus_will *out);
};

struct bus;

struct bus_ops {
	int (*publish)(struct bus *b, const struct bus_publication *p);
	int (*subscribe)(struct bus *b, const char *filter, unsigned flags);
	void (*close)(struct bus *b, unsigned flush_ms);
};

struct bus {
	const struct bus_ops *ops;
};

enum { BUS_NO_LOCAL = 1, BUS_KEEP_RETAINED_FLAG = 2, BUS_NO_RETAINED = 4 };

/* Texts and brokers are copied; hooks stay the caller's until bus_close(). */
int bus_mqtt_open(struct bus **out, const struct bus_options *o, struct bus_hooks *hooks, struct error *e);

/* 0, -ENOTCONN (only_now without a connection), -EMSGSIZE, -ENOBUFS (full: the oldest that waits is dropped first, so only for one too large). */
static inline int bus_publish(struct bus *b, const struct bus_publication *p) { return b->ops->publish(b, p); }

/* Stays in force over reconnects. flags: BUS_*. -ENOSPC beyond 64. */
static inline int bus_subscribe(struct bus *b, const char *filter, unsigned flags) { return b->ops->subscribe(b, filter, flags); }

/* Says goodbye (no will is published): what is queued is sent for at most flush_ms. */
static inline void bus_close(struct bus *b, unsigned flush_ms) { b->ops->close(b, flush_ms); }
