/* ollama_show.h: /api/show, which needs the model opened.
 *
 * Owns the way there: a model in memory is asked, another one is opened for the moment; where there
 * is no memory for that, the list's facts must do. Any thread. */
#ifndef OLLAMA_SHOW_H
#define OLLAMA_SHOW_H

#include "server/routes.h"

void ollama_show(struct service *service, const struct http_request *request,
                 struct response *response);

#endif
