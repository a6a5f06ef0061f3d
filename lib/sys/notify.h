/*
 * Telling whoever started us that we are ready: sd_notify(3)'s protocol on
 * $NOTIFY_SOCKET, and one JSON line on the descriptor of --ready-fd.
 */
#pragma once

void notify_systemd(const char *state); /* "READY=1", "STOPPING=1", "WATCHDOG=1"; nothing without $NOTIFY_SOCKET */
void notify_ready_fd(int fd, const char *json_line); /* writes the line and a newline, closes fd; nothing when fd < 0 */
