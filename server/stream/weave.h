/*
 * The woven tape of a mount: its bytes with ICY metadata put in every `interval`
 * bytes, so that all listeners who asked for titles share it and the same plain send().
 *
 *   plain:  |---- interval ----|---- interval ----|--
 *   woven:  |---- interval ----|M|---- interval ----|M|--     M: a metadata block
 *
 * The woven tape's sync points are the places right after each M (and its beginning): number n lies
 * n intervals of audio behind where the weaving began. So where the weaver stands is known from the woven tape
 * alone, whenever its process died. A listener's way in: see weave_entry().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "server/stream/tape.h"

struct weave {
	struct tape *plain, *woven;
	uint32_t interval;   /* audio bytes between two blocks */
	uint64_t from;       /* plain offset at which the weaving began */
	uint64_t next;       /* plain offset to be woven next */
	uint32_t left;       /* audio bytes until the next block */
	uint64_t told;       /* version of the title that the last block carried */
};

/* Begins on an empty woven tape at the plain offset `from` (a sync point). */
void weave_begin(struct weave *w, struct tape *plain, struct tape *woven, uint32_t interval, uint64_t from);

/* Takes up after a takeover. False when the two tapes do not belong together: weave anew. */
bool weave_attach(struct weave *w, struct tape *plain, struct tape *woven, uint32_t interval, uint64_t from);

/*
 * Weaves up to the plain tape's head. block is the present title as a metadata block, title_version changes with
 * it: a version that was told already is woven as an empty block. False: the plain tape overtook it; weave anew.
 */
bool weave_run(struct weave *w, struct bytes block, uint64_t title_version);

/*
 * Where a listener who wants about burst bytes begins: *start on the woven tape, right after a block or at
 * its beginning. Appends to preamble what comes before: padding to a full interval, whole frames from the plain
 * tape, the block with the present title. False when the tape holds too little: begin at its beginning.
 */
bool weave_entry(const struct weave *w, uint64_t burst_bytes, struct bytes block, struct buf *preamble, uint64_t *start);
