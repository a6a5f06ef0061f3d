/*
 * Where a broker is and how one logs in there: mqtt://, mqtts://, ws:// and
 * wss:// addresses and what the environment adds. Pure.
 *
 * Secrets stay in the struct: broker_text() leaves them out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/error.h"

#define BROKERS_MAX 4

enum bus_trouble {
	BUS_TROUBLE_NONE,
	BUS_TROUBLE_RESOLVE,   /* the name has no address, or the resolver does not answer */
	BUS_TROUBLE_CONNECT,   /* nobody answers there, or the line broke */
	BUS_TROUBLE_TLS,
	BUS_TROUBLE_LOGIN,     /* MQTT 5 reasons 0x86, 0x87, 0x8C */
	BUS_TROUBLE_TAKEN,     /* 0x8E: another client has our id */
	BUS_TROUBLE_BUSY,      /* 0x88, 0x89, 0x97, 0x9F */
	BUS_TROUBLE_PROTOCOL,
};

struct broker {
	char host[256];
	uint16_t port;
	bool tls, websocket;
	char path[128]; /* of a websocket: "/mqtt" */
	char user[128], password[256];
	char ca_file[256], cert_file[256], key_file[256]; /* PEM; "" : the system's, none, none */
};

/*
 * "mqtts://user:secret@broker.example:8883". Ports default to 1883, 8883, 80, 443. A plain broker
 * that is not loopback is refused (-EACCES) unless allow_insecure. -EINVAL for what is no address.
 */
int broker_parse(struct broker *b, const char *url, bool allow_insecure, struct error *e);

/* "mqtts://broker.example:8883", without credentials. */
void broker_text(const struct broker *b, struct buf *out);

/* Is host an address of this machine's loopback by its spelling: 127.0.0.0/8, ::1, localhost? */
bool broker_is_loopback(const struct broker *b);

const char *bus_trouble_name(enum bus_trouble t); /* "auth_failed", ...: for /health */
