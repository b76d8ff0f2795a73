/* reader FOLDER: the toy CNN from an export's files alone, in plain C, and how far its maps are off.
 *
 * Reads the three images and the sixteen arrays of weights, computes all twelve layers of each
 * image from the image on, and compares every map with the file that holds it. Prints a line for
 * each map, "image 0 layer 3 difference 1.2e-06", and for each image "image 0 top1 17 stored 17".
 * Exit status: 0 if all differences are below 1e-3 and each top-1 is the same, 1 if not, 2 if a
 * file is missing or has another length. Values are float, sums double, little-endian machines.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CONV, POOL, FLATTEN, DENSE };

typedef struct {
    int kind, size, in, out; /* kernel size and channels */
    int h, w;                /* of the output */
    const char *name;        /* of the weights' files */
} Layer;

static const Layer net[12] = {
    {CONV, 5, 3, 32, 60, 60, "conv1"},    {CONV, 5, 32, 32, 56, 56, "conv2"},
    {POOL, 2, 32, 32, 28, 28, NULL},      {CONV, 3, 32, 64, 26, 26, "conv3"},
    {CONV, 3, 64, 64, 24, 24, "conv4"},   {POOL, 2, 64, 64, 12, 12, NULL},
    {CONV, 3, 64, 64, 10, 10, "conv5"},   {CONV, 3, 64, 128, 8, 8, "conv6"},
    {POOL, 2, 128, 128, 4, 4, NULL},      {FLATTEN, 0, 2048, 2048, 1, 1, NULL},
    {DENSE, 1, 2048, 256, 1, 1, "dense1"}, {DENSE, 1, 256, 200, 1, 1, "dense2"},
};

static float *load(const char *folder, const char *name, size_t count) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    float *values = malloc(count * sizeof *values);
    char more;
    if (!file || fread(values, sizeof *values, count, file) != count || fread(&more, 1, 1, file)) {
        fprintf(stderr, "%s: not there, or not %zu floats\n", path, count);
        exit(2);
    }
    fclose(file);
    return values;
}

/* A dense layer is a convolution whose kernel, 1 x 1, sees one pixel of many channels. */
static void convolve(const Layer *l, const float *x, const float *k, const float *b, float *y) {
    int width = l->w + l->size - 1;
    double *sum = malloc(l->out * sizeof *sum);
    for (int r = 0; r < l->h; r++)
        for (int c = 0; c < l->w; c++) {
            for (int o = 0; o < l->out; o++) sum[o] = b[o];
            for (int i = 0; i < l->size; i++)
                for (int j = 0; j < l->size; j++)
                    for (int q = 0; q < l->in; q++) {
                        double value = x[((r + i) * width + c + j) * l->in + q];
                        const float *row = k + ((i * l->size + j) * l->in + q) * l->out;
                        for (int o = 0; o < l->out; o++) sum[o] += value * row[o];
                    }
            for (int o = 0; o < l->out; o++) y[(r * l->w + c) * l->out + o] = (float)sum[o];
        }
    free(sum);
}

static void pool(const Layer *l, const float *x, float *y) {
    for (int r = 0; r < l->h; r++)
        for (int c = 0; c < l->w; c++)
            for (int q = 0; q < l->out; q++) {
                const float *p = x + ((2 * r) * 2 * l->w + 2 * c) * l->in + q;
                float upper = fmaxf(p[0], p[l->in]);
                p += 2 * l->w * l->in;
                y[(r * l->w + c) * l->out + q] = fmaxf(upper, fmaxf(p[0], p[l->in]));
            }
}

static void softmax(float *x, int count) {
    double total = 0, most = x[0];
    for (int i = 1; i < count; i++) most = fmax(most, x[i]);
    for (int i = 0; i < count; i++) total += exp(x[i] - most);
    for (int i = 0; i < count; i++) x[i] = (float)(exp(x[i] - most) / total);
}

static int argmax(const float *x, int count) {
    int best = 0;
    for (int i = 1; i < count; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: reader FOLDER\n");
        return 2;
    }
    float *kernels[12], *biases[12];
    char name[100];
    for (int n = 0; n < 12; n++)
        if (net[n].name) {
            size_t count = (size_t)net[n].size * net[n].size * net[n].in * net[n].out;
            snprintf(name, sizeof name, "model/%s_weights.bin", net[n].name);
            kernels[n] = load(argv[1], name, count);
            snprintf(name, sizeof name, "model/%s_biases.bin", net[n].name);
            biases[n] = load(argv[1], name, net[n].out);
        }
    int bad = 0;
    for (int image = 0; image < 3; image++) {
        snprintf(name, sizeof name, "image_%d.bin", image);
        float *x = load(argv[1], name, 64 * 64 * 3);
        for (int n = 0; n < 12; n++) {
            const Layer *l = &net[n];
            int count = l->h * l->w * l->out;
            float *y = malloc(count * sizeof *y);
            if (l->kind == POOL) pool(l, x, y);
            else if (l->kind == FLATTEN) for (int i = 0; i < count; i++) y[i] = x[i];
            else convolve(l, x, kernels[n], biases[n], y);
            if (n == 11) softmax(y, count);
            else for (int i = 0; i < count; i++) y[i] = fmaxf(y[i], 0);
            snprintf(name, sizeof name, "image_%d_data/layer_%d_output.bin", image, n);
            float *stored = load(argv[1], name, count);
            double off = 0;
            for (int i = 0; i < count; i++) {
                double here = fabs((double)y[i] - stored[i]);
                if (!isnan(off) && !(here <= off)) off = here; /* NaN is a difference, and stays */
            }
            printf("image %d layer %d difference %.3g\n", image, n, off);
            if (!(off < 1e-3)) bad = 1;
            if (n == 11) {
                int own = argmax(y, count), theirs = argmax(stored, count);
                printf("image %d top1 %d stored %d\n", image, own, theirs);
                if (own != theirs) bad = 1;
            }
            free(stored);
            free(x);
            x = y;
        }
        free(x);
    }
    return bad;
}
