#include "server/vector_length.h"

#include <math.h>

double vector_length(const struct json *vector, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double x = json_number(json_at(vector, i), NAN);
        sum += x * x;
    }
    return sum == 0 ? 1 : sqrt(sum);
}
