#include "server/openai/openai_models.h"

#include "base/json_members.h"

enum { NAME_BYTES = 1 << 16 };

struct listing {
    struct text *out;
    struct slice only; /* { NULL, 0 }: all */
    bool ok;
};

static bool write_model(struct text *out, const struct listed_model *model)
{
    return write_comma(out) && text_append_byte(out, '{') &&
           write_string_member(out, "id", model->name) &&
           write_string_member(out, "object", "model") &&
           write_integer_member(out, "created", model->modified_ns / 1000000000) &&
           write_string_member(out, "owned_by", "library") && text_append_byte(out, '}');
}

static void visit(void *context, const struct listed_model *model)
{
    struct listing *listing = context;
    if (!listing->only.data)
        listing->ok = listing->ok && write_model(listing->out, model);
    else if (listing->out->length == 0 && slice_equal(slice_of(model->name), listing->only))
        listing->ok = write_model(listing->out, model);
}

bool openai_models_write(struct text *out, struct model_list *models, struct error *err)
{
    struct listing listing = { .out = out };
    listing.ok = text_append_string(out, "{\"object\":\"list\",\"data\":[");
    if (!model_list_visit(models, visit, &listing, err))
        return false;
    return (listing.ok && text_append_string(out, "]}")) || fail_memory(err, out->length, "a list");
}

static bool write_named(struct text *out, struct model_list *models, struct slice wanted,
                        struct text *name, struct text *path, struct error *err)
{
    if (!model_list_find(models, wanted, name, path, err))
        return false;
    struct listing listing = { .out = out, .only = text_slice(name), .ok = true };
    if (!model_list_visit(models, visit, &listing, err))
        return false;
    if (!listing.ok)
        return fail_memory(err, out->length, "a model");
    return out->length > 0 || fail(err, ERROR_NOT_FOUND, "model '%s' not found", printable(wanted));
}

bool openai_model_write(struct text *out, struct model_list *models, struct slice wanted,
                        struct error *err)
{
    struct text name, path;
    text_init(&name, NAME_BYTES);
    text_init(&path, NAME_BYTES);
    bool ok = write_named(out, models, wanted, &name, &path, err);
    text_release(&name);
    text_release(&path);
    return ok;
}
