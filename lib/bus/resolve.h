/*
 * Does a host's name have an address? Asked in a thread of its own, because
 * the resolver may hang for longer than anybody wants to wait.
 */
#pragma once

/* 0, -ENOENT (no such name), -ETIMEDOUT (no answer within timeout_ms; the thread ends by itself later), -EAGAIN. */
int resolve_probe(const char *host, unsigned timeout_ms);
