include $(sort $(wildcard $(BR2_EXTERNAL_CRUET_PATH)/package/*/*.mk))
