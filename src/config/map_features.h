/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The features of a map as dm-multipath reads them: a number, and as many words behind it.
 */
struct text;

/* Puts features without these words into ret, with the number that is right then; what stands
 * between the other words stays as it is. 1; 0: they are not among them; -EINVAL: not features.
 * ret is written only when the answer is 1. */
int map_features_remove(const char *features, const char *words, struct text *ret);
