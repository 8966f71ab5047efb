"""The room's REST door: serializers, views, filters, addresses."""
