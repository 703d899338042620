// The functions on samples of mod_upyml.c: upyml/signal.py calls them, and tells a user's mistake in more words.
// All take whole buffers and allocate nothing.

#include "signal/filters.h"
#include "signal/rfft.h"
#include "signal/spectrum.h"
#include "signal/statistics.h"

// The bytes of a buffer whose elements have that type code; 0: any.
static void upyml_signal_buffer(mp_obj_t object, mp_buffer_info_t *info, int typecode, mp_uint_t flags) {
    mp_get_buffer_raise(object, info, flags);
    if (typecode && (info->typecode != typecode || (uintptr_t)info->buf % 2)) {
        mp_raise_TypeError(MP_ERROR_TEXT("samples lie in an array('h'), powers and statistics in an array('i')"));
    }
}

static void upyml_signal_need(int fits) {
    if (!fits) {
        mp_raise_ValueError(MP_ERROR_TEXT("the buffers' lengths do not fit together, or one lies over another"));
    }
}

static int upyml_signal_apart(const mp_buffer_info_t *a, const mp_buffer_info_t *b) {
    const uint8_t *first = a->buf, *second = b->buf;
    return first + a->len <= second || second + b->len <= first;
}

// rfft(x, out, twiddles): points + 2 numbers for at most `points` samples.
static mp_obj_t upyml_signal_rfft(mp_obj_t x_in, mp_obj_t out_in, mp_obj_t twiddles_in) {
    mp_buffer_info_t x, out, twiddles;
    upyml_signal_buffer(x_in, &x, 'h', MP_BUFFER_READ);
    upyml_signal_buffer(out_in, &out, 'h', MP_BUFFER_WRITE);
    upyml_signal_buffer(twiddles_in, &twiddles, 0, MP_BUFFER_READ);
    upyml_rfft p = {.points = (int32_t)(out.len / 2) - 2, .samples = (int32_t)(x.len / 2), .twiddles = twiddles.buf};
    upyml_signal_need(upyml_rfft_points_fit(p.points) && p.samples <= p.points && (uintptr_t)out.buf % 4 == 0
        && twiddles.len == (size_t)UPYML_RFFT_TWIDDLE_BYTES(p.points) && upyml_signal_apart(&x, &out));
    upyml_rfft_s16(&p, x.buf, out.buf);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(upyml_signal_rfft_obj, upyml_signal_rfft);

// power(z, out): an int32 for each pair of int16.
static mp_obj_t upyml_signal_power(mp_obj_t z_in, mp_obj_t out_in) {
    mp_buffer_info_t z, out;
    upyml_signal_buffer(z_in, &z, 'h', MP_BUFFER_READ);
    upyml_signal_buffer(out_in, &out, 'i', MP_BUFFER_WRITE);
    upyml_signal_need(z.len == out.len && upyml_signal_apart(&z, &out));
    upyml_power_s16(z.buf, out.buf, (uint32_t)(out.len / 4));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(upyml_signal_power_obj, upyml_signal_power);

// magnitude(z, out): an int16 for each pair of int16.
static mp_obj_t upyml_signal_magnitude(mp_obj_t z_in, mp_obj_t out_in) {
    mp_buffer_info_t z, out;
    upyml_signal_buffer(z_in, &z, 'h', MP_BUFFER_READ);
    upyml_signal_buffer(out_in, &out, 'h', MP_BUFFER_WRITE);
    upyml_signal_need(z.len == 2 * out.len && upyml_signal_apart(&z, &out));
    upyml_magnitude_s16(z.buf, out.buf, (uint32_t)(out.len / 2));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(upyml_signal_magnitude_obj, upyml_signal_magnitude);

// weigh(x, factors, out): x times factors in Q15; out may be x.
static mp_obj_t upyml_signal_weigh(mp_obj_t x_in, mp_obj_t factors_in, mp_obj_t out_in) {
    mp_buffer_info_t x, factors, out;
    upyml_signal_buffer(x_in, &x, 'h', MP_BUFFER_READ);
    upyml_signal_buffer(factors_in, &factors, 'h', MP_BUFFER_READ);
    upyml_signal_buffer(out_in, &out, 'h', MP_BUFFER_WRITE);
    upyml_signal_need(x.len == factors.len && x.len == out.len && (x.buf == out.buf || upyml_signal_apart(&x, &out)));
    upyml_weigh_s16(x.buf, factors.buf, out.buf, (uint32_t)(out.len / 2));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(upyml_signal_weigh_obj, upyml_signal_weigh);

// biquad(samples, factors, state): a cascade, in place; state: five int16 of each section of each channel.
static mp_obj_t upyml_signal_biquad(mp_obj_t samples_in, mp_obj_t factors_in, mp_obj_t state_in) {
    mp_buffer_info_t samples, factors, state;
    upyml_signal_buffer(samples_in, &samples, 'h', MP_BUFFER_RW);
    upyml_signal_buffer(factors_in, &factors, 'h', MP_BUFFER_READ);
    upyml_signal_buffer(state_in, &state, 'h', MP_BUFFER_RW);
    upyml_biquad p = {.sections = (int32_t)(factors.len / (2 * UPYML_BIQUAD_FACTOR_COUNT)), .factors = factors.buf};
    p.channels = (int32_t)(factors.len ? state.len / factors.len : 0);
    upyml_signal_need(p.sections && p.channels && factors.len == (size_t)(2 * UPYML_BIQUAD_FACTOR_COUNT * p.sections)
        && state.len == factors.len * (size_t)p.channels && samples.len / 2 % (size_t)p.channels == 0
        && upyml_signal_apart(&samples, &state));
    p.samples = (int32_t)(samples.len / 2 / (size_t)p.channels);
    upyml_biquad_s16(&p, samples.buf, state.buf);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(upyml_signal_biquad_obj, upyml_signal_biquad);

// fir(x, out, coefficients, state, up, down, channels): `up` outputs for `down` inputs.
static mp_obj_t upyml_signal_fir(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    mp_buffer_info_t x, out, coefficients, state;
    upyml_signal_buffer(args[0], &x, 'h', MP_BUFFER_READ);
    upyml_signal_buffer(args[1], &out, 'h', MP_BUFFER_WRITE);
    upyml_signal_buffer(args[2], &coefficients, 'h', MP_BUFFER_READ);
    upyml_signal_buffer(args[3], &state, 'h', MP_BUFFER_RW);
    mp_int_t up = mp_obj_get_int(args[4]), down = mp_obj_get_int(args[5]), channels = mp_obj_get_int(args[6]);
    upyml_signal_need(up >= 1 && up <= 65535 && down >= 1 && down <= 65535 && channels >= 1 && channels <= 65535
        && coefficients.len >= 2 && x.len / 2 % (size_t)channels == 0 && out.len / 2 % (size_t)channels == 0);
    upyml_fir p = {
        .up = (int32_t)up, .down = (int32_t)down, .taps = (int32_t)(coefficients.len / 2), .channels = (int32_t)channels,
        .inputs = (int32_t)(x.len / 2 / (size_t)channels), .outputs = (int32_t)(out.len / 2 / (size_t)channels),
        .coefficients = coefficients.buf,
    };
    upyml_signal_need((uint64_t)(uint32_t)p.inputs * (uint32_t)up == (uint64_t)(uint32_t)p.outputs * (uint32_t)down
        && state.len == 2 * (uint64_t)(uint32_t)upyml_fir_history(p.taps, p.up) * (uint32_t)channels
        && upyml_signal_apart(&x, &out) && upyml_signal_apart(&x, &state) && upyml_signal_apart(&out, &state));
    upyml_fir_s16(&p, x.buf, out.buf, state.buf);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(upyml_signal_fir_obj, 7, 7, upyml_signal_fir);

// statistics(x, out): all of them, of an array('h') or array('b').
static mp_obj_t upyml_signal_statistics(mp_obj_t x_in, mp_obj_t out_in) {
    mp_buffer_info_t x, out;
    mp_get_buffer_raise(x_in, &x, MP_BUFFER_READ);
    upyml_signal_buffer(x_in, &x, x.typecode == 'b' ? 0 : 'h', MP_BUFFER_READ);
    upyml_signal_buffer(out_in, &out, 'i', MP_BUFFER_WRITE);
    upyml_statistics p = {.stride = 1, .width = x.typecode == 'b' ? 1 : 2, .which = (1 << UPYML_STATISTICS) - 1};
    p.count = (int32_t)(x.len / (size_t)p.width);
    upyml_signal_need(p.count >= 1 && p.count <= UPYML_STATISTICS_MOST && out.len == 4 * UPYML_STATISTICS
        && (uintptr_t)out.buf % 4 == 0);
    upyml_statistics_of(&p, x.buf, out.buf);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(upyml_signal_statistics_obj, upyml_signal_statistics);
