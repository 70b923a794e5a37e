#include "account.h"

#include <criterion/criterion.h>

Test(account, is_one_for_each_uid_and_ends_with_its_last_use)
{
	struct accounts accounts = LIST_HEAD_INITIALIZER(accounts);
	struct account *first = account_of(&accounts, 1000);
	struct account *other = account_of(&accounts, 1001);

	cr_assert_eq(account_of(&accounts, 1000), first);
	cr_assert_neq(first, other);
	first->requests = 1;
	account_settle(first);
	cr_assert_eq(account_of(&accounts, 1000), first);
	first->requests = 0;
	account_settle(first);
	account_settle(other);
	cr_assert(LIST_EMPTY(&accounts));
	account_settle(NULL);
}
