/* token_routes.h: text to a model's tokens and back, over HTTP.
 *
 * Owns /tokenize {model, content, add_special?, with_pieces?} -> {tokens} and
 * /detokenize {model, tokens} -> {content}. */
#ifndef TOKEN_ROUTES_H
#define TOKEN_ROUTES_H

#include "server/routes.h"

route_handler tokenize_route, detokenize_route;

#endif
