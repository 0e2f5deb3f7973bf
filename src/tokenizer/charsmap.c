#include "tokenizer/charsmap.h"

#include "base/cursor.h"

bool charsmap_open(struct charsmap *map, struct slice bytes, const char *name, struct error *err)
{
    *map = (struct charsmap){ 0 };
    if (bytes.length == 0)
        return true;
    struct cursor cursor = cursor_over(bytes.data, bytes.length, name);
    uint32_t size;
    if (!cursor_u32(&cursor, &size, err) || !cursor_bytes(&cursor, size, &map->units, err))
        return fail_while(err, "reading the character map");
    map->n_units = size / 4;
    map->replacements = (struct slice){ bytes.data + cursor.offset, cursor_left(&cursor) };
    struct slice r = map->replacements;
    if (map->n_units == 0 || r.length == 0 || r.data[r.length - 1] != '\0')
        return fail(err, ERROR_FORMAT,
                    "'%s': the character map has %zu units and %zu bytes of replacements that do "
                    "not end in NUL",
                    name, map->n_units, r.length);
    return true;
}

/* One unit of the double array; a position outside reads as a unit that nothing matches. */
static uint32_t unit_at(const struct charsmap *map, size_t index)
{
    if (index >= map->n_units)
        return 0;
    const uint8_t *p = map->units + index * 4;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t unit_offset(uint32_t unit)
{
    return unit >> 10 << ((unit & 1u << 9) >> 6);
}

static uint32_t unit_label(uint32_t unit)
{
    return unit & (1u << 31 | 0xff);
}

static bool unit_has_leaf(uint32_t unit)
{
    return unit >> 8 & 1;
}

static struct slice replacement_at(const struct charsmap *map, uint32_t offset)
{
    if (offset >= map->replacements.length)
        return (struct slice){ "", 0 };
    return slice_of(map->replacements.data + offset);
}

size_t charsmap_find(const struct charsmap *map, struct slice text, bool shortest,
                     struct slice *replacement)
{
    size_t found = 0;
    uint32_t position = unit_offset(unit_at(map, 0));
    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = (uint8_t)text.data[i];
        position ^= c;
        uint32_t unit = unit_at(map, position);
        if (c == 0 || unit_label(unit) != c)
            break;
        position ^= unit_offset(unit);
        if (unit_has_leaf(unit)) {
            found = i + 1;
            *replacement = replacement_at(map, unit_at(map, position) & 0x7fffffff);
            if (shortest)
                break;
        }
    }
    return found;
}
