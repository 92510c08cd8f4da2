/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is seen by a look at the kernel, with a daemon and without. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/result.h"
#include "cli/verbs.h"
#include "model/name.h"
#include "model/path.h"
#include "observe/tree.h"
#include "observe/uses.h"
#include "pathkeeper.h"
#include "port/loop.h"
#include "port/sysfs.h"
#include "show/holders.h"
#include "show/tree.h"

DEFINE_FREEP(struct pk, pk_close)
DEFINE_FREEP(struct json_object, json_object_put)

/* What the daemon found of a path is more than its device's own word. */
static void take_states(struct tree *tree, struct json_object *paths)
{
	_cleanup_(json_object_putp) struct json_object *by_node = json_object_new_object();
	const size_t prefix = strlen("devices/");

	for (size_t i = 0; i < json_object_array_length(paths); i++) {
		struct json_object *path = json_object_array_get_idx(paths, i), *node, *state;

		if (json_object_object_get_ex(path, "node", &node) &&
			json_object_object_get_ex(path, "state", &state) &&
			strcmp(json_object_get_string(state), path_state_name(PATH_UNCHECKED)))
			json_object_object_add(
				by_node, json_object_get_string(node), json_object_get(state));
	}
	for (size_t i = 0; i < tree->n; i++) {
		struct node *node = &tree->nodes[i];
		struct json_object *state;

		if (node->kind == NODE_LUN &&
			json_object_object_get_ex(by_node, node->sysfs + prefix, &state))
			TEXT_SET(node->state, json_object_get_string(state));
	}
}

/* Without a daemon the tree is what sysfs says. */
static void ask_for_states(struct tree *tree)
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	_cleanup_(freep) char *json = NULL;
	_cleanup_(json_object_putp) struct json_object *root = NULL;
	struct json_object *paths;

	if (pk_connect(geteuid() == 0 ? 0 : PK_CONNECT_READ, &pk) < 0 ||
		pk_paths(pk, NULL, &json) < 0)
		return;
	root = json_tokener_parse(json);
	if (json_object_object_get_ex(root, "paths", &paths) &&
		json_object_is_type(paths, json_type_array))
		take_states(tree, paths);
}

/* Other users' processes are nobody's business but root's. */
static int not_root(const struct words *words)
{
	return result_failure(words->verb, -EPERM, "needs to be root");
}

static int look_at_tree(struct tree *ret)
{
	_cleanup_(closep) int sys = sysfs_open(AT_FDCWD, "/sys");

	return sys < 0 ? sys : tree_read(sys, ret);
}

static int look_at_uses(const struct tree *tree, struct uses *ret)
{
	return uses_read(tree, instant_add_ms(loop_now(), USES_DEADLINE_MS), ret);
}

static struct tree_uses view(const struct uses *uses)
{
	return (struct tree_uses){ uses->all, uses->n, uses->complete };
}

static int end(const struct words *words, int r, char *json)
{
	return r < 0 ? result_failure(words->verb, r, NULL) : result_print(words, json);
}

int verb_tree(const struct words *words)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(uses_done) struct uses uses = { 0 };
	struct tree_uses shown;
	char *json = NULL;
	int r;

	if (words->holders && geteuid() != 0)
		return not_root(words);
	r = look_at_tree(&tree);
	if (r >= 0 && words->holders)
		r = look_at_uses(&tree, &uses);
	if (r < 0)
		return end(words, r, NULL);
	ask_for_states(&tree);
	shown = view(&uses);
	r = tree_document(tree.nodes, tree.n, tree.complete, words->holders ? &shown : NULL,
		words->names[0], &json);
	return end(words, r, json);
}

int verb_holders(const struct words *words)
{
	_cleanup_(tree_done) struct tree tree = { 0 };
	_cleanup_(uses_done) struct uses uses = { 0 };
	struct tree_uses shown;
	char *json = NULL;
	int r;

	if (geteuid() != 0)
		return not_root(words);
	r = look_at_tree(&tree);
	if (r >= 0)
		r = look_at_uses(&tree, &uses);
	if (r < 0)
		return end(words, r, NULL);
	shown = view(&uses);
	r = node_holders_document(tree.nodes, tree.n, &shown, words->names[0], &json);
	return end(words, r, json);
}
