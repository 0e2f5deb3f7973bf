#include "runtime/grammar/matcher.h"

#include "base/memory.h"
#include "base/table.h"
#include "runtime/grammar/grammar_expression.h"

#include <stdlib.h>

/* Frames that are not made: the end of the text, and where a segment was cut off. */
enum { FRAME_END, FRAME_CUT, N_FIXED_FRAMES };

enum { MAX_STACKS = 1 << 12 }; /* of one state: more means a grammar that is ambiguous throughout */

#define NOT_COUNTING UINT32_MAX
/* Only in segments: the most is too far away to be met, so that counting ends with enough passes.
 */
#define FAR_FROM_MOST (UINT32_C(1) << 31)
#define COUNT_FAR     (UINT32_MAX - 1)

/* A stack is a linked list, its top first. The top of a state's stack is the NODE_SET that waits
 * for a byte; below it stand the nodes to return to. */
struct frame {
    uint32_t node;
    uint32_t count; /* of a repeat whose body is being matched: passes that are done */
    uint32_t below;
};

enum looping { LOOPING_UNKNOWN, LOOPS, LOOPS_NOT };

struct state {
    uint32_t first, n_stacks;
    bool may_end, is_returning;
    uint8_t looping; /* enum looping: over the plain signs */
};

struct item {
    uint32_t node, below;
};

/* Holds an item of `seen` where the closure is the present one. */
struct seen_slot {
    uint32_t closure, item;
};

/* A repeat that was entered in this closure, and the fewest passes it was entered with. */
struct entry {
    uint32_t node, below, count;
};

struct matcher {
    struct grammar_program program;
    struct frame *frames;
    struct state *states;
    uint32_t *stacks;      /* the states' frames */
    uint32_t *frame_slots; /* hash: frame + 1 */
    uint32_t *state_slots; /* hash: state + 1 */
    uint64_t *costs; /* [program.n_nodes] fewest bytes to the end of the rule; NULL before asked */
    /* What bytes lead to: a row per state that was left, a column per class of bytes that no set of
     * the grammar tells apart. */
    uint32_t *rows;   /* [n_rows * n_classes] */
    uint32_t *row_of; /* [row_capacity] by state: row + 1; 0: none yet */
    uint8_t class_of[256];
    size_t n_classes, n_rows, rows_capacity, row_capacity;
    struct item *work; /* of the closure at hand */
    struct item *seen;
    struct seen_slot *seen_slots; /* hash; what earlier closures left counts as free */
    struct entry *entries;
    uint32_t *tops;
    uint32_t *return_states; /* [frames_capacity] state + 1 that a call frame leads to */
    size_t n_frames, frames_capacity, n_frame_slots;
    size_t n_states, states_capacity, n_state_slots;
    size_t n_stacks, stacks_capacity;
    size_t n_work, work_capacity;
    size_t n_seen, seen_capacity, n_seen_slots;
    uint32_t closure; /* number of the one at hand */
    size_t n_entries, entries_capacity;
    size_t n_tops, tops_capacity;
    size_t return_capacity;
    size_t limit_bytes;
    matcher_state start;
    bool is_full, is_starved;   /* a limit is used up; memory is */
    bool may_end, is_returning; /* of the closure at hand */
};

/* ---- memory ---- */

static size_t used_bytes(const struct matcher *m)
{
    return m->frames_capacity * (sizeof *m->frames) + m->states_capacity * sizeof *m->states +
           m->stacks_capacity * sizeof *m->stacks +
           (m->n_frame_slots + m->n_state_slots + m->return_capacity) * sizeof(uint32_t) +
           (m->rows_capacity + m->row_capacity) * sizeof(uint32_t);
}

static bool full(struct matcher *m)
{
    m->is_full = true;
    return false;
}

static bool starved(struct matcher *m)
{
    m->is_starved = true;
    return full(m);
}

static bool make_room(struct matcher *m, void **items, size_t *capacity, size_t count, size_t more,
                      size_t item_bytes)
{
    if (count + more <= *capacity)
        return true;
    if (used_bytes(m) > m->limit_bytes)
        return full(m);
    return grow(items, capacity, count, more, item_bytes) || starved(m);
}

static uint64_t frame_hash(struct frame f)
{
    return hash_u64(hash_u64((uint64_t)f.node << 32 | f.count) ^ f.below);
}

static uint64_t state_hash(const struct matcher *m, struct state s)
{
    uint64_t hash = (uint64_t)s.may_end | (uint64_t)s.is_returning << 1;
    for (uint32_t i = 0; i < s.n_stacks; i++)
        hash = hash_u64(hash ^ m->stacks[s.first + i]);
    return hash;
}

static bool rehash_frames(struct matcher *m)
{
    size_t n = m->n_frame_slots ? 2 * m->n_frame_slots : 256;
    uint32_t *slots = memory_zeroed(n, sizeof *slots);
    if (!slots || used_bytes(m) > m->limit_bytes) {
        bool has_slots = slots != NULL;
        memory_free(slots);
        return has_slots ? full(m) : starved(m);
    }
    for (size_t i = N_FIXED_FRAMES; i < m->n_frames; i++) {
        size_t at = frame_hash(m->frames[i]) & (n - 1);
        while (slots[at])
            at = (at + 1) & (n - 1);
        slots[at] = (uint32_t)i + 1;
    }
    memory_free(m->frame_slots);
    m->frame_slots = slots;
    m->n_frame_slots = n;
    return true;
}

static bool rehash_states(struct matcher *m)
{
    size_t n = m->n_state_slots ? 2 * m->n_state_slots : 256;
    uint32_t *slots = memory_zeroed(n, sizeof *slots);
    if (!slots || used_bytes(m) > m->limit_bytes) {
        bool has_slots = slots != NULL;
        memory_free(slots);
        return has_slots ? full(m) : starved(m);
    }
    for (size_t i = 0; i < m->n_states; i++) {
        size_t at = state_hash(m, m->states[i]) & (n - 1);
        while (slots[at])
            at = (at + 1) & (n - 1);
        slots[at] = (uint32_t)i + 1;
    }
    memory_free(m->state_slots);
    m->state_slots = slots;
    m->n_state_slots = n;
    return true;
}

/* The frame with this content, made when it is new; FRAME_END when memory is out. */
static uint32_t frame_of(struct matcher *m, struct frame f)
{
    if (2 * (m->n_frames + 1) > m->n_frame_slots && !rehash_frames(m))
        return FRAME_END;
    size_t at = frame_hash(f) & (m->n_frame_slots - 1);
    for (; m->frame_slots[at]; at = (at + 1) & (m->n_frame_slots - 1)) {
        const struct frame *known = &m->frames[m->frame_slots[at] - 1];
        if (known->node == f.node && known->count == f.count && known->below == f.below)
            return m->frame_slots[at] - 1;
    }
    if (!make_room(m, (void **)&m->frames, &m->frames_capacity, m->n_frames, 1, sizeof f))
        return FRAME_END;
    m->frames[m->n_frames] = f;
    m->frame_slots[at] = (uint32_t)m->n_frames + 1;
    return (uint32_t)m->n_frames++;
}

/* ---- closure: what stands before the next byte ---- */

static void push_item(struct matcher *m, uint32_t node, uint32_t below)
{
    if (!make_room(m, (void **)&m->work, &m->work_capacity, m->n_work, 1, sizeof *m->work))
        return;
    m->work[m->n_work++] = (struct item){ node, below };
}

/* Where an item stands among the slots, or may be put. */
static struct seen_slot *seen_slot_of(struct matcher *m, struct item item)
{
    size_t at = hash_u64((uint64_t)item.node << 32 | item.below) & (m->n_seen_slots - 1);
    for (;; at = (at + 1) & (m->n_seen_slots - 1)) {
        struct seen_slot *slot = &m->seen_slots[at];
        if (slot->closure != m->closure ||
            (m->seen[slot->item].node == item.node && m->seen[slot->item].below == item.below))
            return slot;
    }
}

static bool rehash_seen(struct matcher *m)
{
    size_t n = m->n_seen_slots ? 2 * m->n_seen_slots : 64;
    struct seen_slot *slots = memory_zeroed(n, sizeof *slots);
    if (!slots)
        return starved(m);
    memory_free(m->seen_slots);
    m->seen_slots = slots;
    m->n_seen_slots = n;
    for (uint32_t i = 0; i < m->n_seen; i++)
        *seen_slot_of(m, m->seen[i]) = (struct seen_slot){ m->closure, i };
    return true;
}

/* Whether an item comes up for the first time in this closure. */
static bool is_new(struct matcher *m, struct item item)
{
    if (2 * (m->n_seen + 1) > m->n_seen_slots && !rehash_seen(m))
        return false;
    struct seen_slot *slot = seen_slot_of(m, item);
    if (slot->closure == m->closure)
        return false;
    if (m->n_seen >= MAX_STACKS)
        return full(m);
    if (!make_room(m, (void **)&m->seen, &m->seen_capacity, m->n_seen, 1, sizeof item))
        return false;
    *slot = (struct seen_slot){ m->closure, (uint32_t)m->n_seen };
    m->seen[m->n_seen++] = item;
    return true;
}

/* Fewer passes allow all that more passes do when the body may be empty: only then is a count that
 * was met with a lower one superfluous. This also ends the loops of empty passes. */
static bool is_superfluous(struct matcher *m, uint32_t node, uint32_t below, uint32_t count)
{
    if (!m->program.nodes[node].is_nullable)
        return false;
    for (size_t i = 0; i < m->n_entries; i++) {
        struct entry *e = &m->entries[i];
        if (e->node != node || e->below != below)
            continue;
        if (e->count <= count)
            return true;
        e->count = count;
        return false;
    }
    if (make_room(m, (void **)&m->entries, &m->entries_capacity, m->n_entries, 1,
                  sizeof *m->entries))
        m->entries[m->n_entries++] = (struct entry){ node, below, count };
    return false;
}

static void enter_repeat(struct matcher *m, uint32_t index, uint32_t below, uint32_t count)
{
    const struct grammar_node *node = &m->program.nodes[index];
    bool is_far = count & FAR_FROM_MOST;
    uint32_t passes = count & ~FAR_FROM_MOST;
    if (passes >= node->at_least)
        push_item(m, node->next, below);
    if ((!is_far && passes >= node->at_most) || is_superfluous(m, index, below, passes))
        return;
    if (is_far && passes >= node->at_least)
        count = COUNT_FAR;
    else if (node->at_most == UINT32_MAX && passes > node->at_least)
        count = node->at_least;
    push_item(m, node->body, frame_of(m, (struct frame){ index, count, below }));
}

static void return_to(struct matcher *m, uint32_t below)
{
    if (below == FRAME_END) {
        m->may_end = true;
    } else if (below == FRAME_CUT) {
        m->is_returning = true;
    } else {
        struct frame f = m->frames[below];
        if (f.count == NOT_COUNTING)
            push_item(m, f.node, f.below);
        else
            enter_repeat(m, f.node, f.below, f.count == COUNT_FAR ? COUNT_FAR : f.count + 1);
    }
}

/* An item is visited once, so no frame is added twice. */
static void add_top(struct matcher *m, uint32_t frame)
{
    if (make_room(m, (void **)&m->tops, &m->tops_capacity, m->n_tops, 1, sizeof frame))
        m->tops[m->n_tops++] = frame;
}

static int compare_frames(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The order of a state's stacks; mostly they are few. */
static void sort_tops(struct matcher *m)
{
    if (m->n_tops > 16) {
        qsort(m->tops, m->n_tops, sizeof *m->tops, compare_frames);
        return;
    }
    for (size_t i = 1; i < m->n_tops; i++) {
        uint32_t frame = m->tops[i];
        size_t at = i;
        for (; at > 0 && m->tops[at - 1] > frame; at--)
            m->tops[at] = m->tops[at - 1];
        m->tops[at] = frame;
    }
}

static void visit(struct matcher *m, struct item item)
{
    const struct grammar_node *node = &m->program.nodes[item.node];
    switch (node->kind) {
    case NODE_SET:
        add_top(m, frame_of(m, (struct frame){ item.node, NOT_COUNTING, item.below }));
        break;
    case NODE_SPLIT:
        for (uint32_t i = node->count; i-- > 0;)
            push_item(m, m->program.targets[node->first + i], item.below);
        break;
    case NODE_CALL:
        /* a call at the end of a rule returns to where that rule does: recursion to the right does
         * not grow */
        if (node->next != 0)
            item.below = frame_of(m, (struct frame){ node->next, NOT_COUNTING, item.below });
        push_item(m, node->body, item.below);
        break;
    case NODE_REPEAT:
        enter_repeat(m, item.node, item.below, 0);
        break;
    case NODE_RETURN:
        return_to(m, item.below);
        break;
    }
}

static void begin_closure(struct matcher *m)
{
    if (++m->closure == 0) { /* after 4 billion: what is left of the first would count as present */
        if (m->seen_slots)
            memset(m->seen_slots, 0, m->n_seen_slots * sizeof *m->seen_slots);
        m->closure = 1;
    }
    m->n_work = m->n_seen = m->n_entries = m->n_tops = 0;
    m->may_end = m->is_returning = false;
}

/* The state of what was pushed; MATCHER_DEAD when nothing may follow, or memory is out (is_full).
 */
static matcher_state end_closure(struct matcher *m)
{
    while (m->n_work && !m->is_full) {
        struct item item = m->work[--m->n_work];
        if (is_new(m, item))
            visit(m, item);
    }
    if (m->is_full || (!m->n_tops && !m->may_end && !m->is_returning))
        return MATCHER_DEAD;
    sort_tops(m);
    if (!make_room(m, (void **)&m->stacks, &m->stacks_capacity, m->n_stacks, m->n_tops,
                   sizeof *m->stacks) ||
        (2 * (m->n_states + 1) > m->n_state_slots && !rehash_states(m)))
        return MATCHER_DEAD;
    struct state s = { (uint32_t)m->n_stacks, (uint32_t)m->n_tops, m->may_end, m->is_returning,
                       LOOPING_UNKNOWN };
    if (m->n_tops)
        memcpy(m->stacks + m->n_stacks, m->tops, m->n_tops * sizeof *m->tops);
    size_t at = state_hash(m, s) & (m->n_state_slots - 1);
    for (; m->state_slots[at]; at = (at + 1) & (m->n_state_slots - 1)) {
        const struct state *known = &m->states[m->state_slots[at] - 1];
        if (known->n_stacks == s.n_stacks && known->may_end == s.may_end &&
            known->is_returning == s.is_returning &&
            (s.n_stacks == 0 || memcmp(m->stacks + known->first, m->stacks + s.first,
                                       s.n_stacks * sizeof *m->stacks) == 0))
            return m->state_slots[at] - 1;
    }
    if (!make_room(m, (void **)&m->states, &m->states_capacity, m->n_states, 1, sizeof s))
        return MATCHER_DEAD;
    m->n_stacks += m->n_tops;
    m->states[m->n_states] = s;
    m->state_slots[at] = (uint32_t)m->n_states + 1;
    return (matcher_state)m->n_states++;
}

static bool check_full(const struct matcher *m, struct error *err)
{
    if (!m->is_full)
        return true;
    if (m->is_starved)
        return fail(err, ERROR_MEMORY, "out of memory for the states of a grammar");
    return fail(err, ERROR_BUDGET,
                "grammar: its states need more than %zu bytes, or are over %d at once",
                m->limit_bytes, MAX_STACKS);
}

/* ---- the interface ---- */

bool matcher_open(struct matcher **out, const struct grammar *grammar, size_t limit_bytes,
                  struct error *err)
{
    *out = NULL;
    struct matcher *m = memory_zeroed(1, sizeof *m);
    if (!m)
        return fail_memory(err, sizeof *m, "a matcher");
    m->program = grammar_program(grammar);
    m->n_classes = grammar_byte_classes(grammar, m->class_of);
    m->limit_bytes = limit_bytes;
    bool ok = make_room(m, (void **)&m->frames, &m->frames_capacity, 0, N_FIXED_FRAMES,
                        sizeof *m->frames);
    if (ok) {
        memset(m->frames, 0, N_FIXED_FRAMES * sizeof *m->frames);
        m->n_frames = N_FIXED_FRAMES;
        begin_closure(m);
        push_item(m, m->program.start, FRAME_END);
        m->start = end_closure(m);
    }
    if (!check_full(m, err)) {
        matcher_close(&m);
        return false;
    }
    *out = m;
    return true;
}

void matcher_close(struct matcher **matcher)
{
    struct matcher *m = *matcher;
    if (!m)
        return;
    memory_free(m->frames);
    memory_free(m->states);
    memory_free(m->stacks);
    memory_free(m->frame_slots);
    memory_free(m->state_slots);
    memory_free(m->rows);
    memory_free(m->row_of);
    memory_free(m->costs);
    memory_free(m->work);
    memory_free(m->seen);
    memory_free(m->seen_slots);
    memory_free(m->entries);
    memory_free(m->tops);
    memory_free(m->return_states);
    memory_free(m);
    *matcher = NULL;
}

matcher_state matcher_start(const struct matcher *m)
{
    return m->start;
}

static matcher_state follow(struct matcher *m, matcher_state from, uint8_t byte)
{
    begin_closure(m);
    struct state s = m->states[from];
    for (uint32_t i = 0; i < s.n_stacks; i++) {
        struct frame top = m->frames[m->stacks[s.first + i]];
        const struct grammar_node *node = &m->program.nodes[top.node];
        if (byte_set_has(&m->program.sets[node->set], byte))
            push_item(m, node->next, top.below);
    }
    return m->n_work ? end_closure(m) : MATCHER_DEAD;
}

/* Not known yet; no state has this number. */
#define UNKNOWN (UINT32_MAX - 1)

/* The row of a state, made when it has none; NULL when memory is out. */
static uint32_t *row_of(struct matcher *m, matcher_state state)
{
    size_t capacity = m->row_capacity;
    if (state >= capacity) {
        if (!make_room(m, (void **)&m->row_of, &m->row_capacity, state, 1, sizeof *m->row_of))
            return NULL;
        memset(m->row_of + capacity, 0, (m->row_capacity - capacity) * sizeof *m->row_of);
    }
    if (m->row_of[state] == 0) {
        size_t begin = m->n_rows * m->n_classes;
        if (!make_room(m, (void **)&m->rows, &m->rows_capacity, begin, m->n_classes,
                       sizeof *m->rows))
            return NULL;
        for (size_t i = 0; i < m->n_classes; i++)
            m->rows[begin + i] = UNKNOWN;
        m->row_of[state] = (uint32_t)++m->n_rows;
    }
    return m->rows + (size_t)(m->row_of[state] - 1) * m->n_classes;
}

static matcher_state step(struct matcher *m, matcher_state from, uint8_t byte)
{
    uint8_t class = m->class_of[byte];
    uint32_t *row = row_of(m, from);
    if (!row)
        return MATCHER_DEAD;
    if (row[class] != UNKNOWN)
        return row[class];
    matcher_state to = follow(m, from, byte);
    if (!m->is_full)
        row[class] = to;
    return to;
}

bool matcher_advance(struct matcher *m, matcher_state from, struct slice bytes, matcher_state *to,
                     struct error *err)
{
    for (size_t i = 0; i < bytes.length && from != MATCHER_DEAD; i++)
        from = step(m, from, (uint8_t)bytes.data[i]);
    *to = from;
    return check_full(m, err);
}

bool matcher_loops(struct matcher *m, matcher_state state)
{
    uint8_t *looping = &m->states[state].looping;
    if (*looping != LOOPING_UNKNOWN)
        return *looping == LOOPS;
    bool loops = true;
    for (unsigned byte = 0; byte < 256 && loops; byte++)
        if (matcher_is_plain((uint8_t)byte))
            loops = step(m, state, (uint8_t)byte) == state;
    m->states[state].looping = loops ? LOOPS : LOOPS_NOT; /* the states may have moved */
    return loops;
}

bool matcher_may_end(const struct matcher *m, matcher_state state)
{
    return m->states[state].may_end;
}

bool matcher_must_end(const struct matcher *m, matcher_state state)
{
    return m->states[state].may_end && m->states[state].n_stacks == 0;
}

size_t matcher_count_stacks(const struct matcher *m, matcher_state state)
{
    return m->states[state].n_stacks;
}

bool matcher_is_returning(const struct matcher *m, matcher_state segment)
{
    return m->states[segment].is_returning;
}

/* A count that the next `horizon` bytes cannot tell from the true one. */
static uint32_t representative(const struct grammar_node *repeat, uint32_t count, uint32_t horizon)
{
    bool is_far_from_most =
        repeat->at_most == UINT32_MAX || repeat->at_most - count > (uint64_t)horizon;
    if (!is_far_from_most)
        return count;
    uint32_t far =
        repeat->at_most == UINT32_MAX || repeat->at_least >= FAR_FROM_MOST ? 0 : FAR_FROM_MOST;
    if (count >= repeat->at_least)
        return far ? COUNT_FAR : repeat->at_least;
    return far | (repeat->at_least - count > (uint64_t)horizon ? 0 : count);
}

/* The same stack without what lies below its innermost call, whose frame is told. */
static uint32_t cut(struct matcher *m, uint32_t frame, uint32_t horizon, uint32_t *call)
{
    uint32_t above[64];
    size_t n = 0;
    struct frame f = m->frames[frame];
    above[n++] = frame;
    for (frame = f.below; frame != FRAME_END && frame != FRAME_CUT; frame = f.below) {
        f = m->frames[frame];
        if (f.count == NOT_COUNTING || n == COUNT_OF(above))
            break;
        above[n++] = frame;
    }
    *call = frame;
    uint32_t below = FRAME_CUT;
    while (n-- > 0) {
        struct frame copy = m->frames[above[n]];
        if (copy.count != NOT_COUNTING)
            copy.count = representative(&m->program.nodes[copy.node], copy.count, horizon);
        copy.below = below;
        below = frame_of(m, copy);
    }
    return below;
}

static matcher_state return_state(struct matcher *m, uint32_t frame)
{
    if (frame == FRAME_END || frame == FRAME_CUT)
        return MATCHER_DEAD;
    size_t capacity = m->return_capacity;
    if (frame >= capacity) {
        if (!make_room(m, (void **)&m->return_states, &m->return_capacity, frame, 1,
                       sizeof *m->return_states))
            return MATCHER_DEAD;
        memset(m->return_states + capacity, 0,
               (m->return_capacity - capacity) * sizeof *m->return_states);
    }
    if (m->return_states[frame] == 0) {
        begin_closure(m);
        return_to(m, frame);
        m->return_states[frame] = end_closure(m) + 1;
    }
    return m->return_states[frame] - 1;
}

bool matcher_stack_at(struct matcher *m, matcher_state state, size_t index, uint32_t horizon,
                      struct matcher_stack *out, struct error *err)
{
    uint32_t call;
    uint32_t top = cut(m, m->stacks[m->states[state].first + index], horizon, &call);
    begin_closure(m);
    add_top(m, top);
    out->segment = end_closure(m);
    out->after = return_state(m, call);
    return check_full(m, err);
}

/* ---- distances ---- */

#define FAR (UINT64_MAX / 4)

static uint64_t add_costs(uint64_t a, uint64_t b)
{
    return a + b < FAR ? a + b : FAR;
}

static uint64_t repeat_cost(const struct matcher *m, const struct grammar_node *node,
                            uint32_t count)
{
    uint64_t body = m->costs[node->body];
    uint64_t passes = node->at_least > count ? node->at_least - count : 0;
    return passes && body > FAR / passes ? FAR : passes * body;
}

static uint64_t node_cost(const struct matcher *m, const struct grammar_node *node)
{
    uint64_t least = FAR;
    switch (node->kind) {
    case NODE_RETURN:
        return 0;
    case NODE_SET:
        return add_costs(1, m->costs[node->next]);
    case NODE_CALL:
        return add_costs(m->costs[node->body], m->costs[node->next]);
    case NODE_REPEAT:
        return add_costs(repeat_cost(m, node, 0), m->costs[node->next]);
    case NODE_SPLIT:
        for (uint32_t i = 0; i < node->count; i++) {
            uint64_t cost = m->costs[m->program.targets[node->first + i]];
            least = cost < least ? cost : least;
        }
        return least;
    }
    return FAR;
}

/* Costs only fall; passes in both directions settle them soon, for nodes lie behind what follows
 * them. */
static bool settle_costs(struct matcher *m, struct error *err)
{
    size_t n = m->program.n_nodes;
    m->costs = memory_zeroed(n, sizeof *m->costs);
    if (!m->costs)
        return fail_memory(err, n * sizeof *m->costs, "a grammar's distances");
    for (size_t i = 0; i < n; i++)
        m->costs[i] = FAR;
    for (bool changed = true, forth = true; changed; forth = !forth) {
        changed = false;
        for (size_t i = 0; i < n; i++) {
            size_t at = forth ? i : n - 1 - i;
            uint64_t cost = node_cost(m, &m->program.nodes[at]);
            changed |= cost < m->costs[at];
            m->costs[at] = cost < m->costs[at] ? cost : m->costs[at];
        }
    }
    return true;
}

static uint64_t stack_distance(const struct matcher *m, uint32_t frame)
{
    uint64_t distance = node_cost(m, &m->program.nodes[m->frames[frame].node]);
    for (frame = m->frames[frame].below; frame >= N_FIXED_FRAMES; frame = m->frames[frame].below) {
        struct frame f = m->frames[frame];
        const struct grammar_node *node = &m->program.nodes[f.node];
        uint64_t cost = f.count == NOT_COUNTING
                            ? m->costs[f.node]
                            : add_costs(repeat_cost(m, node, f.count + 1), m->costs[node->next]);
        distance = add_costs(distance, cost);
    }
    return distance;
}

/* Of a state's stacks the one with the shortest completion. */
static uint64_t nearest_stack(const struct matcher *m, matcher_state state, uint32_t *top)
{
    uint64_t least = FAR;
    for (uint32_t i = 0; i < m->states[state].n_stacks; i++) {
        uint32_t frame = m->stacks[m->states[state].first + i];
        uint64_t distance = stack_distance(m, frame);
        if (i == 0 || distance < least) {
            least = distance;
            *top = frame;
        }
    }
    return least;
}

bool matcher_distance(struct matcher *m, matcher_state state, uint64_t *bytes, struct error *err)
{
    uint32_t top;
    if (!m->costs && !settle_costs(m, err))
        return false;
    *bytes = m->states[state].may_end ? 0 : nearest_stack(m, state, &top);
    return true;
}

/* A letter where there is one, else another printable sign: vocabularies that lack some single
 * bytes have those. */
static uint8_t plainest_byte(const struct byte_set *set)
{
    enum { N_PRINTABLE = 0x7F - ' ' };
    for (unsigned i = 0; i < N_PRINTABLE; i++)
        if (byte_set_has(set, (uint8_t)(' ' + (i + 'a' - ' ') % N_PRINTABLE)))
            return (uint8_t)(' ' + (i + 'a' - ' ') % N_PRINTABLE);
    unsigned byte = 0;
    while (byte < 255 && !byte_set_has(set, (uint8_t)byte))
        byte++;
    return (uint8_t)byte;
}

bool matcher_nearest(struct matcher *m, matcher_state state, uint8_t *byte, struct error *err)
{
    uint32_t top = FRAME_END;
    if (!m->costs && !settle_costs(m, err))
        return false;
    nearest_stack(m, state, &top);
    assert(top != FRAME_END);
    *byte = plainest_byte(&m->program.sets[m->program.nodes[m->frames[top].node].set]);
    return true;
}
