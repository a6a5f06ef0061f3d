/*
 * The control API's rows (docs/control-api.md). Only for exchanges of the control socket.
 */
#pragma once

#include "server/admin/admin.h"

void control_handle(struct admin_host *h, struct exchange *x);
