/* tiny_forward.c: the llama family in plain loops over doubles (Touvron et al. 2023; RoPE: Su et
 * al. 2021). */
#include "tiny_model_private.h"

#include <math.h>
#include <stdlib.h>

static const double *find(const struct tiny_model *m, const char *what, size_t layer)
{
    char name[64];
    snprintf(name, sizeof name, what, layer);
    for (size_t i = 0; i < m->n_tensors; i++)
        if (strcmp(m->tensors[i].name, name) == 0)
            return m->tensors[i].values;
    return NULL;
}

static void matvec(double *y, const double *w, const double *x, size_t n, size_t k,
                   const double *bias)
{
    for (size_t r = 0; r < n; r++) {
        y[r] = bias ? bias[r] : 0;
        for (size_t i = 0; i < k; i++)
            y[r] += w[r * k + i] * x[i];
    }
}

static void norm(double *y, const double *x, const double *w, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    double factor = 1 / sqrt(sum / (double)n + 1e-5);
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * factor * w[i];
}

/* llama's GGUF pairs neighbours, the qwen families' pairs halves. */
static void rotate(const struct tiny_model *m, double *head, size_t position)
{
    size_t d = m->options.head_dim;
    bool pairs = strcmp(m->options.architecture, "llama") == 0;
    for (size_t i = 0; i < d / 2; i++) {
        double angle = (double)position * pow(m->options.rope_base, -2.0 * (double)i / (double)d);
        if (m->options.linear_factor > 0)
            angle /= m->options.linear_factor;
        size_t a = pairs ? 2 * i : i, b = pairs ? 2 * i + 1 : i + d / 2;
        double x = head[a], y = head[b];
        head[a] = x * cos(angle) - y * sin(angle);
        head[b] = x * sin(angle) + y * cos(angle);
    }
}

static void project(const struct tiny_model *m, const char *weight, const char *bias,
                    const char *head_norm, size_t layer, const double *x, double *out,
                    size_t n_heads, size_t position, bool rotated)
{
    size_t d = m->options.head_dim;
    matvec(out, find(m, weight, layer), x, n_heads * d, m->options.n_embd, find(m, bias, layer));
    const double *norm_weight = find(m, head_norm, layer);
    for (size_t h = 0; h < n_heads; h++) {
        if (norm_weight)
            norm(out + h * d, out + h * d, norm_weight, d);
        if (rotated)
            rotate(m, out + h * d, position);
    }
}

/* out [head_dim] = softmax(q . keys) values over positions first..last. */
static void attend(double *out, const double *q, const double *k, const double *v, size_t stride,
                   size_t first, size_t last, size_t d, double *scores)
{
    double most = -INFINITY, sum = 0;
    for (size_t j = first; j <= last; j++) {
        scores[j] = 0;
        for (size_t i = 0; i < d; i++)
            scores[j] += q[i] * k[j * stride + i];
        scores[j] /= sqrt((double)d);
        most = fmax(most, scores[j]);
    }
    for (size_t j = first; j <= last; j++)
        sum += scores[j] = exp(scores[j] - most);
    for (size_t i = 0; i < d; i++) {
        out[i] = 0;
        for (size_t j = first; j <= last; j++)
            out[i] += scores[j] / sum * v[j * stride + i];
    }
}

struct work {
    double *x, *h, *q, *k, *v, *o, *gate, *up, *scores; /* rows of the widest size each token */
};

static void attention_layer(const struct tiny_model *m, size_t layer, struct work *w, size_t n)
{
    const struct tiny_options *o = &m->options;
    size_t d = o->head_dim, qw = o->n_heads * d, kvw = o->n_kv_heads * d;
    for (size_t t = 0; t < n; t++) {
        norm(w->h, w->x + t * o->n_embd, find(m, "blk.%zu.attn_norm.weight", layer), o->n_embd);
        project(m, "blk.%zu.attn_q.weight", "blk.%zu.attn_q.bias", "blk.%zu.attn_q_norm.weight",
                layer, w->h, w->q + t * qw, o->n_heads, t, true);
        project(m, "blk.%zu.attn_k.weight", "blk.%zu.attn_k.bias", "blk.%zu.attn_k_norm.weight",
                layer, w->h, w->k + t * kvw, o->n_kv_heads, t, true);
        project(m, "blk.%zu.attn_v.weight", "blk.%zu.attn_v.bias", "none", layer, w->h,
                w->v + t * kvw, o->n_kv_heads, t, false);
    }
    for (size_t t = 0; t < n; t++) {
        size_t first = o->window && t >= o->window ? t - o->window + 1 : 0;
        for (size_t h = 0; h < o->n_heads; h++) {
            size_t kv = h / (o->n_heads / o->n_kv_heads) * d;
            attend(w->o + h * d, w->q + t * qw + h * d, w->k + kv, w->v + kv, kvw, first, t, d,
                   w->scores);
        }
        matvec(w->h, find(m, "blk.%zu.attn_output.weight", layer), w->o, o->n_embd, qw, NULL);
        for (size_t i = 0; i < o->n_embd; i++)
            w->x[t * o->n_embd + i] += w->h[i];
    }
}

static void mlp_layer(const struct tiny_model *m, size_t layer, struct work *w, size_t n)
{
    const struct tiny_options *o = &m->options;
    for (size_t t = 0; t < n; t++) {
        double *x = w->x + t * o->n_embd;
        norm(w->h, x, find(m, "blk.%zu.ffn_norm.weight", layer), o->n_embd);
        matvec(w->gate, find(m, "blk.%zu.ffn_gate.weight", layer), w->h, o->n_ff, o->n_embd, NULL);
        matvec(w->up, find(m, "blk.%zu.ffn_up.weight", layer), w->h, o->n_ff, o->n_embd, NULL);
        for (size_t i = 0; i < o->n_ff; i++)
            w->gate[i] = w->gate[i] / (1 + exp(-w->gate[i])) * w->up[i];
        matvec(w->h, find(m, "blk.%zu.ffn_down.weight", layer), w->gate, o->n_embd, o->n_ff, NULL);
        for (size_t i = 0; i < o->n_embd; i++)
            x[i] += w->h[i];
    }
}

void tiny_model_hidden(const struct tiny_model *m, const int32_t *tokens, size_t n, double *hidden)
{
    const struct tiny_options *o = &m->options;
    size_t widest = o->n_embd + o->n_ff + o->n_heads * o->head_dim + n;
    double *memory = calloc(9 * n * widest, sizeof *memory);
    if (!memory)
        abort();
    double *part[9];
    for (size_t i = 0; i < 9; i++)
        part[i] = memory + i * n * widest;
    struct work w = { part[0], part[1], part[2], part[3], part[4],
                      part[5], part[6], part[7], part[8] };
    const double *embedding = find(m, "token_embd.weight", 0);
    for (size_t t = 0; t < n; t++)
        memcpy(w.x + t * o->n_embd, embedding + (size_t)tokens[t] * o->n_embd,
               o->n_embd * sizeof *w.x);
    for (size_t layer = 0; layer < o->n_layers; layer++) {
        attention_layer(m, layer, &w, n);
        mlp_layer(m, layer, &w, n);
    }
    norm(hidden, w.x + (n - 1) * o->n_embd, find(m, "output_norm.weight", 0), o->n_embd);
    free(memory);
}

void tiny_model_logits(const struct tiny_model *m, const int32_t *tokens, size_t n, double *logits)
{
    const struct tiny_options *o = &m->options;
    double *hidden = calloc(o->n_embd, sizeof *hidden);
    if (!hidden)
        abort();
    tiny_model_hidden(m, tokens, n, hidden);
    matvec(logits, find(m, o->tied ? "token_embd.weight" : "output.weight", 0), hidden, o->n_vocab,
           o->n_embd, NULL);
    free(hidden);
}
