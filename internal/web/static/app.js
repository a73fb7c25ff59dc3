// Small helps for pages that work without them.
