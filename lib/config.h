/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Kconfig chose. IS_ENABLED(CONFIG_X) is 1 or 0 for the compiler, so that code which is
 * off is still compiled and checked, and costs nothing. The build passes autoconf.h to every
 * file (-include); an unset symbol is simply not defined.
 */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#define CONFIG_PLACEHOLDER_1 0,
#define CONFIG_TAKE_SECOND(ignored, value, ...) value
#define CONFIG_IS_DEFINED(symbol) CONFIG_IS_DEFINED_(symbol)
#define CONFIG_IS_DEFINED_(value) CONFIG_IS_DEFINED__(CONFIG_PLACEHOLDER_##value)
#define CONFIG_IS_DEFINED__(placeholder) CONFIG_TAKE_SECOND(placeholder 1, 0)

#define IS_ENABLED(symbol) CONFIG_IS_DEFINED(symbol)

#endif
