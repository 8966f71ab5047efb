"""Pictures of the console for the documents: a house that looks like real life, and a camera.

Not a part of the product: nothing imports it, and it needs what the tests need.
"""
